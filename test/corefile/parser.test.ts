import { describe, expect, it } from 'vitest';
import { parseCorefile } from '../../src/corefile/parser.js';
import type { Directive } from '../../src/corefile/plan.js';

/** A Corefile with files around it, all in memory. */
function parse(
  text: string,
  files: Record<string, string> = {},
  env: Record<string, string> = {},
): { blocks: unknown[]; faults: string[] } {
  const { blocks, faults } = parseCorefile(text, {
    file: 'Corefile',
    env,
    readFile: (path) => {
      const content = files[path];
      if (content === undefined) throw Object.assign(new Error('no such file'), { code: 'ENOENT' });
      return content;
    },
    glob: (pattern) => {
      const [head = '', tail = ''] = pattern.split('*');
      return Object.keys(files).filter((name) => name.startsWith(head) && name.endsWith(tail));
    },
  });
  return {
    blocks: blocks.map((block) => [block.keys.join(' '), ...block.directives.map(show)]),
    faults: faults.map((fault) => `${fault.code} ${fault.line}`),
  };
}

/** `name arg arg { line; line }` */
function show(directive: Directive): string {
  const body = directive.hasBody ? ` { ${directive.body.map(show).join('; ')} }` : '';
  return [directive.name, ...directive.args].join(' ') + body;
}

const blocksOf = (...args: Parameters<typeof parse>): unknown[] => {
  const { blocks, faults } = parse(...args);
  expect(faults).toEqual([]);
  return blocks;
};
const faultsOf = (...args: Parameters<typeof parse>): string[] => parse(...args).faults;

describe('server blocks', () => {
  it('takes keys parted by blanks, commas and commas at a line end', () => {
    expect(blocksOf('a b, c,\n  d,e {\n log\n}\n')).toEqual([['a b c d e', 'log']]);
  });

  it('takes several blocks and a block without directives', () => {
    expect(blocksOf('.:53 {\n errors\n}\nexample.org:5300 {\n}\n')).toEqual([
      ['.:53', 'errors'],
      ['example.org:5300'],
    ]);
  });

  it('takes the last block without braces up to the end of the file', () => {
    expect(blocksOf('.\nforward . 192.0.2.1\nlog')).toEqual([['.', 'forward . 192.0.2.1', 'log']]);
    expect(blocksOf('example.org')).toEqual([['example.org']]);
  });

  it('takes a brace on the line below the keys, and a block on one line', () => {
    expect(blocksOf('.\n{\n log\n}')).toEqual([['.', 'log']]);
    expect(blocksOf('. { log }')).toEqual([['.', 'log']]);
  });

  it('keeps the place of each directive and option', () => {
    const { blocks } = parseCorefile('# c\n.:53 {\n  health {\n    lameduck 5s\n  }\n}\n', {
      file: 'Corefile',
      env: {},
      readFile: () => '',
      glob: () => [],
    });
    expect(blocks[0]?.place).toEqual({ file: 'Corefile', line: 2 });
    expect(blocks[0]?.directives[0]?.place).toEqual({ file: 'Corefile', line: 3 });
    expect(blocks[0]?.directives[0]?.body[0]?.place).toEqual({ file: 'Corefile', line: 4 });
  });
});

describe('directives', () => {
  it('takes nested braces', () => {
    expect(blocksOf('. {\n a x {\n  b y {\n   c z\n  }\n  d\n }\n e\n}')).toEqual([
      ['.', 'a x { b y { c z }; d }', 'e'],
    ]);
  });

  it('takes a body on the line of its brace, and empty braces', () => {
    expect(blocksOf('. {\n health { lameduck 5s }\n errors {\n }\n}')).toEqual([
      ['.', 'health { lameduck 5s }', 'errors {  }'],
    ]);
  });
});

describe('words', () => {
  it('takes double quotes with escaped quotes and keeps other backslashes', () => {
    expect(blocksOf('. {\n a "x y" "say \\"hi\\"" "\\d+\\." ""\n}')).toEqual([
      ['.', 'a x y say "hi" \\d+\\. '],
    ]);
  });

  it('takes backticks as they are', () => {
    expect(blocksOf('. {\n a `x "y" \\` z\n}')).toEqual([['.', 'a x "y" \\ z']]);
  });

  it('counts the lines within quotes', () => {
    expect(faultsOf('. {\n a "x\ny" b\n}\n}')).toEqual([
      'COREFILE_SYNTAX Corefile:5: a brace is closed that was never opened (remove it, or open the block that it should close)',
    ]);
    expect(blocksOf('. {\n a "x\ny" b\n}')).toEqual([['.', 'a x\ny b']]);
  });

  it('does not take quoted braces or a quoted import for grammar', () => {
    expect(blocksOf('. {\n a "{" "}"\n "import" x\n}')).toEqual([['.', 'a { }', 'import x']]);
  });

  it('drops comments, also in the middle of a word', () => {
    expect(blocksOf('# one\n. { # two\n a b#three {\n c "#d" # }\n}')).toEqual([
      ['.', 'a b', 'c #d'],
    ]);
  });

  it('joins a line that ends in a backslash with the next', () => {
    expect(blocksOf('. {\n forward . 192.0.2.1 \\\n   192.0.2.2\\\n 192.0.2.3\n}')).toEqual([
      ['.', 'forward . 192.0.2.1 192.0.2.2 192.0.2.3'],
    ]);
  });

  it('drops a byte order mark and the CR of CRLF', () => {
    expect(blocksOf('\ufeff. {\r\n a b\r\n}\r\n')).toEqual([['.', 'a b']]);
  });
});

describe('environment variables', () => {
  const env = { ZONE: 'example.org', PORT: '5300', SELF: '{$SELF}', LIST: 'a,b' };

  it('expands both spellings in keys, names and arguments', () => {
    expect(blocksOf('{$ZONE}:{$PORT} {\n x{%PORT%} "{$ZONE} y"\n}', {}, env)).toEqual([
      ['example.org:5300', 'x5300 example.org y'],
    ]);
  });

  it('gives the empty text for one that is not set, and never expands a value again', () => {
    expect(blocksOf('. {\n a x{$NONE}y {$SELF} {$} {$NONE:z}\n}', {}, env)).toEqual([
      ['.', 'a xy {$SELF} {$} '],
    ]);
  });

  it('takes several zones from one variable', () => {
    expect(blocksOf('{$LIST} {\n}', {}, env)).toEqual([['a b']]);
  });

  it('faults a block whose only zone is an unset variable', () => {
    expect(faultsOf('{$NONE} {\n}')).toEqual([
      'COREFILE_SYNTAX Corefile:1: a server block has no zone (write its zones before the brace, as .:53 {)',
    ]);
  });
});

describe('imports', () => {
  it('reads a file in the place of the import, relative to the importing file', () => {
    const files = { 'conf/a.conf': 'log\nimport b.conf', 'conf/b.conf': 'errors\nhealth {\n x\n}' };
    expect(blocksOf('. {\n import conf/a.conf\n loop\n}', files)).toEqual([
      ['.', 'log', 'errors', 'health { x }', 'loop'],
    ]);
  });

  it('reads server blocks, keys and option lines', () => {
    const files = { blocks: 'a {\n log\n}\nb {\n}', lines: 'lameduck 5s', keys: 'd,\n e' };
    expect(
      blocksOf(
        'import blocks\nc {\n health {\n  import lines\n }\n}\nx,\nimport keys\n{\n}',
        files,
      ),
    ).toEqual([['a', 'log'], ['b'], ['c', 'health { lameduck 5s }'], ['x d e']]);
  });

  it('reads every file of a pattern in order; no match is no fault', () => {
    const files = { '/c/1.override': 'log', '/c/2.override': 'errors' };
    expect(blocksOf('. {\n import /c/*.override\n import /c/*.none\n}', files)).toEqual([
      ['.', 'log', 'errors'],
    ]);
  });

  it('places faults of an imported file there', () => {
    expect(faultsOf('. {\n import a.conf\n}', { 'a.conf': '\n\nhealth{\n}' })).toEqual([
      'COREFILE_SYNTAX a.conf:3: there is no blank before the brace of "health{" (write health {)',
    ]);
  });

  it('faults a missing file', () => {
    expect(faultsOf('. {\n import a.conf\n}')).toEqual([
      'COREFILE_SYNTAX Corefile:2: file to import not found: a.conf (name an existing file, relative to the file that imports it, or a snippet defined above)',
    ]);
  });

  it('faults an import without a name, and one of two files', () => {
    expect(faultsOf('import\n. {\n import a b\n}', { a: '', b: '' })).toEqual([
      'COREFILE_SYNTAX Corefile:1: import lacks the name of a file or snippet (write import FILE, import PATTERN or import SNIPPET)',
      'COREFILE_SYNTAX Corefile:3: import takes one file or pattern (write one import a line; only a snippet, defined further up, takes arguments)',
    ]);
  });

  it('ends circles of files and snippets with a fault', () => {
    expect(faultsOf('import a', { a: 'import b', b: 'import a' })).toEqual([
      'COREFILE_SYNTAX b:1: file a imports itself (remove one import of the circle)',
    ]);
    expect(faultsOf('(a) {\n import b\n}\n(b) {\n import a\n}\n. {\n import a\n}')).toEqual([
      'COREFILE_SYNTAX Corefile:5: snippet (a) imports itself (remove one import of the circle)',
    ]);
  });

  it('ends snippets that double at each step', () => {
    const steps = Array.from(
      { length: 40 },
      (_, i) => `(s${i + 1}) {\n import s${i}\n import s${i}\n}`,
    );
    const faults = faultsOf(`(s0) {\n log\n}\n${steps.join('\n')}\n. {\n import s40\n}`);
    expect(faults).toHaveLength(1);
    expect(faults[0]).toContain('there are more than 10000 imports');
  });

  it('ends a long chain of snippets', () => {
    const steps = Array.from({ length: 200 }, (_, i) => `(s${i + 1}) {\n import s${i}\n}`);
    expect(faultsOf(`(s0) {\n log\n}\n${steps.join('\n')}\n. {\n import s200\n}`)[0]).toContain(
      'imports are nested deeper than 100',
    );
  });
});

describe('snippets', () => {
  it('replays a snippet, also one with braces and with its first line beside the brace', () => {
    expect(
      blocksOf('(s) { log\n health {\n  lameduck 5s\n }\n}\n. {\n errors\n import s\n loop\n}'),
    ).toEqual([['.', 'errors', 'log', 'health { lameduck 5s }', 'loop']]);
  });

  it('takes arguments in both spellings', () => {
    expect(
      blocksOf(
        '(up) {\n forward {args[0]} {args.1}:53\n}\na {\n import up . 192.0.2.1\n}\nb {\n import up b "x y"\n}',
      ),
    ).toEqual([
      ['a', 'forward . 192.0.2.1:53'],
      ['b', 'forward b x y:53'],
    ]);
  });

  it('hands arguments on to another snippet', () => {
    expect(
      blocksOf('(a) {\n x {args[0]}\n}\n(b) {\n import a {args.0}\n}\n. {\n import b 1\n}'),
    ).toEqual([['.', 'x 1']]);
  });

  it('faults an argument that is not given', () => {
    expect(faultsOf('(a) {\n x {args[1]}\n}\n. {\n import a 1\n}')).toEqual([
      'COREFILE_SYNTAX Corefile:5: snippet (a) asks for argument 1 (line 2), which is not given (write import a with at least 2 arguments)',
    ]);
  });

  it('guesses the snippet of a mistyped import', () => {
    expect(faultsOf('(common) {\n}\n. {\n import comon\n}')).toEqual([
      'COREFILE_SYNTAX Corefile:4: there is neither a snippet (comon) above nor a file comon (did you mean common?)',
    ]);
  });

  it('faults a second definition, one without braces and one without a name', () => {
    expect(faultsOf('(a) {\n}\n(a) {\n}\n() {\n}\n(b)\n')).toEqual([
      'COREFILE_SYNTAX Corefile:3: snippet (a) is defined twice (give one of them another name)',
      'COREFILE_SYNTAX Corefile:5: a snippet has no name (write (NAME) {)',
      'COREFILE_SYNTAX Corefile:7: snippet (b) has no braces (write (b) {)',
    ]);
  });
});

describe('faults of the grammar', () => {
  const cases: readonly (readonly [string, string, string])[] = [
    [
      'a brace that is never closed',
      '. {\n log\n',
      'Corefile:1: the brace opened here is never closed (add a line with })',
    ],
    [
      'a directive whose brace is never closed',
      '. {\n a {\n  b\n}\n',
      'Corefile:1: the brace opened here is never closed (add a line with })',
    ],
    [
      'a snippet that is never closed',
      '\n(a) {\n log\n',
      'Corefile:2: the brace opened here is never closed (add a line with })',
    ],
    [
      'a quote that is never closed',
      '. {\n a "x\n}\n',
      'Corefile:2: a double quote is never closed (close it with ")',
    ],
    [
      'a backtick that is never closed',
      '. {\n a `x\n}\n',
      'Corefile:2: a backtick is never closed (close it with `)',
    ],
    [
      'a comma before the brace',
      'a, {\n}\n',
      'Corefile:1: no zone follows the comma (remove the comma, or add a zone)',
    ],
    [
      'a comma at the end',
      'a,\n',
      'Corefile:1: no zone follows the comma (remove the comma, or add a zone)',
    ],
    [
      'a block without a key',
      '\n{\n log\n}\n',
      'Corefile:2: a server block has no zone (write its zones before the brace, as .:53 {)',
    ],
    [
      'a key glued to its brace',
      '.:53{\n log\n}\n',
      'Corefile:1: there is no blank before the brace of ".:53{" (write .:53 {)',
    ],
    [
      'a brace without a directive',
      '. {\n {\n x\n }\n log\n}\n',
      'Corefile:2: a brace is opened without a directive (write the name of the directive before it)',
    ],
    [
      'a word behind a closing brace',
      '. {\n a {\n } b\n}\n',
      'Corefile:3: "b" stands behind a closing brace (start a new line)',
    ],
  ];
  for (const [what, text, line] of cases) {
    it(`faults ${what}`, () => {
      expect(faultsOf(text)).toEqual([`COREFILE_SYNTAX ${line}`]);
    });
  }

  it('faults braces nested too deep without giving up on the rest', () => {
    const { blocks, faults } = parse(`. {\n${'a {\n'.repeat(5000)}${'}\n'.repeat(5000)}log\n}`);
    expect(faults).toHaveLength(1);
    expect(faults[0]).toContain('braces are nested deeper than 16');
    expect(JSON.stringify(blocks)).toContain('"log"');
  });

  it('gathers all faults of a file and still reads what is sound', () => {
    const { blocks, faults } = parse('a, {\n import none\n x {\n }\n y\n}\n}\nb {\n z\n}\n');
    expect(faults.map((fault) => /:(\d+):/.exec(fault)?.[1])).toEqual(['1', '2', '7']);
    expect(blocks).toEqual([
      ['a', 'x {  }', 'y'],
      ['b', 'z'],
    ]);
  });
});
