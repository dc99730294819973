/** The template directive as a client and an operator see it. */
import { describe, expect, it } from 'vitest';
import { describePeerCases } from '../peer-cases.js';
import { faultsOf, serverBlock } from '../server-block.js';
import { TEMPLATE_CASES, TEMPLATE_RECORDS } from './template-cases.js';

describePeerCases(TEMPLATE_CASES, TEMPLATE_RECORDS);

describe('an extended error', () => {
  it('goes to clients with EDNS', async () => {
    const under = serverBlock(
      'template ANY ANY {\n rcode NXDOMAIN\n ederror 21 "Blocked by" rule\n}',
    );
    const reply = await under.ask('a.example', { edns: {} });
    const [option] = reply?.edns?.options ?? [];
    expect(option?.data[1]).toBe(21);
    expect(Buffer.from(option?.data.subarray(2) ?? []).toString()).toBe('Blocked by rule');
    expect((await under.ask('a.example'))?.edns).toBeUndefined();
    await under.close();
  });

  it('says why a template failed, which is counted', async () => {
    const under = serverBlock(
      'template IN A {\n answer "{{ index .Match 1 }}"\n}\ntemplate IN TXT {\n answer "{{ .Name }} 60 IN A {{ .Name }}"\n}',
    );
    const reason = async (question: string): Promise<string> => {
      const reply = await under.ask(question, { edns: {} });
      return Buffer.from(reply?.edns?.options[0]?.data.subarray(2) ?? []).toString();
    };
    expect(await reason('a.example')).toBe('template: answer: index 1 is out of range');
    expect(await reason('a.example TXT')).toContain('a.example. 60 IN A a.example.');
    const labels = 'server=dns://:53 zone=. view= class=IN';
    expect(Object.fromEntries(under.counts)).toEqual({
      [`coredns_template_matches_total ${labels} type=A`]: 1,
      [`coredns_template_matches_total ${labels} type=TXT`]: 1,
      [`coredns_template_template_failures_total ${labels} type=A section=answer template={{ index .Match 1 }}`]: 1,
      [`coredns_template_rr_failures_total ${labels} type=TXT section=answer template={{ .Name }} 60 IN A {{ .Name }}`]: 1,
    });
    await under.close();
  });
});

describe('the directive', () => {
  const answer = (text: string): string =>
    faultsOf(`template IN A {\n match ^(?P<host>a)\n answer ${JSON.stringify(text)}\n}`)
      .map((fault) => fault.replace(/ \(there are .*$/, ''))
      .join();

  it.each([
    ['{{ range .Match }}x{{ end }}', '"range" is not supported'],
    ['{{ with .Name }}x{{ end }}', '"with" is not supported'],
    ['{{ $x := .Name }}', '"$x" is not supported'],
    ['{{ .Meta "kubernetes/pod" }}', 'a value is given arguments'],
    ['{{ .Message.Id }}', '".Message.Id" is not supported'],
    ['{{ .Var.ip }}', '".Var.ip" is not supported'],
    ['{{ if eq .Class "IN" }}{{ .Nam }}{{ end }}', '".Nam" is not supported'],
    ['{{ .Question.Id }}', '".Question.Id" is not supported'],
    ['{{ . }}', '"." is not supported'],
    ['{{ .Group.guest }}', 'no match has a group "guest"'],
    ['{{ upper .Name }}', 'there is no function "upper"'],
    ['{{ .Name | .Zone }}', 'a value is piped into what is no function'],
    ['{{ (index .Match 0).x }}', 'a field behind a parenthesis is not supported'],
    ['{{ (.Name }}', 'a parenthesis is not closed'],
    ['{{ .Name', 'an action is not closed with }}'],
    ['{{ if .Name }}x', 'if is not closed with end'],
    ['x{{ end }}', 'end or else without if'],
    ['{{ }}', 'a value is missing'],
    ['{{ 1.5 }}', '"1" is not supported'],
  ])('names what of a template it does not take: %s', (text, fault) => {
    expect(answer(text)).toBe(`4: template: answer: ${fault}`);
  });

  it('takes what it takes', () => {
    for (const text of [
      '{{ .Group.host }} {{ index .Group "host" }} {{- .Name -}} {{/* no */}} {{ `raw` }}',
      '{{ if and (ne .Type "A") (not .Remote) | or true }}a{{ else }}b{{ end }}',
      '{{ printf "%s-%03d" .Zone (len .Name) }}',
    ]) {
      expect(answer(text)).toBe('');
    }
  });

  it('faults what it cannot take', () => {
    const form = 'write template CLASS TYPE [ZONES...], as template IN A example.org';
    expect(
      faultsOf('template IN {\n}').concat(
        faultsOf('template XX A'),
        faultsOf('template IN XX'),
        faultsOf(
          'template IN A {\n match (\n rcode X\n ederror x\n answer\n var ip name()\n answr x\n}',
        ),
      ),
    ).toEqual([
      `2: template lacks its class or type (${form})`,
      `2: template: there is no class "XX" (${form})`,
      `2: template: there is no type "XX" (${form})`,
      '3: match: "(" is no regular expression: unterminated group (correct it)',
    ]);
    expect(
      faultsOf('template IN A {\n rcode X\n ederror x\n answer\n var ip name()\n answr x\n}'),
    ).toEqual([
      '3: rcode: "X" is no reply code (write NOERROR, NXDOMAIN, REFUSED, SERVFAIL ...)',
      '4: ederror: "x" is no whole number from 0 to 65535 (write such a number)',
      '5: answer lacks its record (write answer RECORD...)',
      '6: template: svcdns has no option var (use match, and actions in the records)',
      '7: template has no option "answr" (did you mean answer? known: match, answer, additional, authority, rcode, ederror, fallthrough, upstream, var, expr)',
    ]);
  });
});
