/** `svcdns query`: asks a name server and prints the reply as dig does; walks a pod's search list on demand. */
import { lookup } from 'node:dns/promises';
import { canonicalAddress } from '../dns/address.js';
import { RCODE, rcodeName } from '../dns/rcode.js';
import type { Question } from '../dns/resource-record.js';
import { rrtypeName } from '../dns/rrtype.js';
import { SvcdnsError } from '../errors.js';
import type { CommandIo } from './command.js';
import { parseQueryArguments, type QueryArguments, SERVER_VARIABLE } from './query-arguments.js';
import { type Exchanged, exchange } from './query-exchange.js';
import { replyText, shortText } from './query-output.js';
import { podSearchList, searchNames } from './query-search.js';

/** dig's exit codes. */
const GOT_REPLY = 0;
const WRONG_USAGE = 1;
const NO_REPLY = 9;

const USAGE = `usage: svcdns query NAME [TYPE] [CLASS] [@SERVER] [-p PORT] [OPTIONS]
       svcdns query -x ADDRESS [@SERVER] [-p PORT] [OPTIONS]

Asks a name server and prints its reply as dig does.

  @SERVER              address or name, also ADDRESS#PORT (default $${SERVER_VARIABLE}, else 127.0.0.1)
  -p PORT              port of the server (default 53; svcdns demo listens on 1053)
  -x ADDRESS           ask for the name of an address (PTR)
  -t TYPE, -c CLASS    the same as the words TYPE and CLASS (default A and IN)
  -n, --namespace NS   ask as a pod in namespace NS does: walk its search list, show each step
  --zone ZONE          cluster zone of that search list (default cluster.local)
  --ndots N            dots from which a name is tried as it stands first (default 5)
  +tcp                 ask over TCP
  +ignore              keep a truncated reply instead of asking again over TCP (also +notcp-retry)
  +short               print the data of the answer only
  +norecurse           do not ask for recursion
  +dnssec, +edns       send an OPT record, with or without DO; +bufsize=N sets its size (1232)
  +cd, +ad             set these bits in the query
  +time=N, +tries=N    seconds a try (2), tries over UDP (3)
  +noall +answer ...   choose what is printed: cmd comments question answer authority additional stats

exit codes: 0 a reply came, whatever it says; 1 wrong usage; 9 no reply
`;

/** Reply and how it came. */
interface Asked extends Exchanged {
  readonly transport: 'udp' | 'tcp';
  readonly elapsedMs: number;
}

export async function run(argv: readonly string[], io: CommandIo): Promise<number> {
  try {
    const request = parseQueryArguments(argv, io.env);
    if (!request.help) return await new QueryRun(request, io).run();
    io.stdout(USAGE);
    return GOT_REPLY;
  } catch (error) {
    if (!(error instanceof SvcdnsError)) throw error;
    io.stderr(`svcdns query: ${error.line}\n`);
    return error.code === 'CLI_USAGE' ? WRONG_USAGE : NO_REPLY;
  }
}

/** One run of the command. */
class QueryRun {
  readonly #arguments: QueryArguments;
  readonly #io: CommandIo;
  #address = '';

  constructor(given: QueryArguments, io: CommandIo) {
    this.#arguments = given;
    this.#io = io;
  }

  /** @throws SvcdnsError QUERY_FAILED when no reply came */
  async run(): Promise<number> {
    const { name, namespace, short, show, host } = this.#arguments;
    this.#address = canonicalAddress(host) ?? (await addressOf(host));
    if (show.has('cmd') && !short) this.#comment(`<<>> svcdns query <<>> ${this.#summary()}`, ';');
    const asked =
      namespace === undefined
        ? await this.#ask(name.endsWith('.') ? name : `${name}.`)
        : await this.#walk(namespace);
    this.#io.stdout(short ? shortText(asked.message) : this.#text(asked));
    return GOT_REPLY;
  }

  /**
   * As glibc does: NXDOMAIN, an empty answer and SERVFAIL go on to the next name. When none has an answer,
   * the reply shown is the first that says the name exists, else the last.
   */
  async #walk(namespace: string): Promise<Asked> {
    const { name, zone, ndots } = this.#arguments;
    const search = podSearchList(namespace, zone);
    this.#comment(`search list of a pod in ${namespace}: ${search.join(' ')} (ndots:${ndots})`);
    const names = searchNames(name, search, ndots);
    let best: Asked | undefined;
    for (const [i, candidate] of names.entries()) {
      const asked = await this.#ask(candidate);
      this.#comment(`step ${i + 1}: ${candidate} ${this.#outcome(asked)}`);
      const isNoData = asked.message.rcode === RCODE.NOERROR;
      if (isNoData && asked.message.answer.length > 0) {
        best = asked;
        break;
      }
      if (best === undefined || best.message.rcode !== RCODE.NOERROR) best = asked;
    }
    if (!this.#arguments.short) this.#io.stdout('\n');
    if (best === undefined) throw new Error('a search has at least one name');
    return best;
  }

  #outcome({ message, elapsedMs }: Asked): string {
    const count = message.answer.length;
    const isNoData = message.rcode === RCODE.NOERROR && count === 0;
    const status = isNoData ? 'NOERROR, no such type (NODATA)' : rcodeName(message.rcode);
    const records = count === 0 ? '' : `, ${count} record${count === 1 ? '' : 's'}`;
    return `${rrtypeName(this.#arguments.type)}: ${status}${records}, ${Math.round(elapsedMs)} msec`;
  }

  /** Asks with all tries, and over TCP when a reply is truncated. */
  async #ask(qname: string): Promise<Asked> {
    const { type: qtype, class: qclass, transport, tries, retryOverTcp } = this.#arguments;
    const question = { qname, qtype, qclass };
    const asked = await this.#try(question, transport, transport === 'udp' ? tries : 1);
    if (!asked.message.truncated || transport === 'tcp' || !retryOverTcp) return asked;
    this.#comment('Truncated, retrying in TCP mode.');
    return this.#try(question, 'tcp', 1);
  }

  async #try(question: Question, transport: 'udp' | 'tcp', tries: number): Promise<Asked> {
    for (let left = tries; ; left--) {
      const startedAt = performance.now();
      try {
        const exchanged = await exchange(question, {
          ...this.#arguments,
          address: this.#address,
          transport,
          random: Math.random,
          signal: this.#io.signal,
        });
        return { ...exchanged, transport, elapsedMs: performance.now() - startedAt };
      } catch (error) {
        const why = reasonOf(error);
        if (this.#io.signal.aborted) throw failed('the query was given up', error);
        this.#io.stderr(`;; communications error to ${this.#server}: ${why}\n`);
        if (left <= 1) throw this.#noReply(why, error);
      }
    }
  }

  #noReply(why: string, cause: unknown): SvcdnsError {
    const mend =
      this.#arguments.port === 53
        ? 'is a server running there? svcdns demo listens on port 1053: add -p 1053'
        : 'is a server running there?';
    return failed(`no reply from ${this.#server}: ${why}`, cause, mend);
  }

  get #server(): string {
    return `${this.#address}#${this.#arguments.port}`;
  }

  #text(asked: Asked): string {
    const { elapsedMs, transport, sizeBytes } = asked;
    const facts = { elapsedMs, transport, sizeBytes, server: this.#server, at: new Date() };
    return replyText(asked.message, facts, this.#arguments.show);
  }

  #summary(): string {
    const { name, type, host, port } = this.#arguments;
    return `${name} ${rrtypeName(type)} @${host} -p ${port}`;
  }

  /** A line about what is going on; +short and +nocomments keep quiet. */
  #comment(text: string, mark: string = ';;'): void {
    const { short, show } = this.#arguments;
    if (!short && (show.has('comments') || show.has('cmd'))) this.#io.stdout(`${mark} ${text}\n`);
  }
}

/** The first address of a server's name, by the machine's own resolver. */
async function addressOf(host: string): Promise<string> {
  try {
    const { address } = await lookup(host);
    return canonicalAddress(address) ?? address;
  } catch (cause) {
    throw failed(`the server's name ${host} has no address`, cause, 'name it by its address');
  }
}

const REASONS: ReadonlyMap<unknown, string> = new Map([
  ['ETIMEDOUT', 'timed out'],
  ['ECONNREFUSED', 'connection refused'],
  ['ECONNRESET', 'connection reset'],
  ['EHOSTUNREACH', 'host unreachable'],
  ['ENETUNREACH', 'network unreachable'],
]);

function reasonOf(error: unknown): string {
  const isOurs =
    !(error instanceof Error) || error instanceof TypeError || error instanceof RangeError;
  if (isOurs) throw error;
  return REASONS.get('code' in error ? error.code : undefined) ?? error.message;
}

function failed(what: string, cause: unknown, mend?: string): SvcdnsError {
  return new SvcdnsError('QUERY_FAILED', what, { cause, ...(mend === undefined ? {} : { mend }) });
}
