/** What ANY is answered with. */
import { describePeerCases, type PeerCase } from '../peer-cases.js';

const HOSTS = 'hosts /nowhere {\n10.0.0.1 a.example\n}';

const CASES: readonly PeerCase[] = [
  {
    title: 'one small record, whether the name exists or not',
    body: `any\n${HOSTS}`,
    answers: {
      'A.example ANY': ['NOERROR', 'A.example. 8482 IN HINFO "ANY obsoleted" "See RFC 8482"'],
      'none.example ANY': ['NOERROR', 'none.example. 8482 IN HINFO "ANY obsoleted" "See RFC 8482"'],
      'a.example': ['NOERROR aa', 'a.example. 3600 IN A 10.0.0.1'],
      'a.example HINFO': ['NOERROR aa'],
    },
  },
];

describePeerCases(CASES, []);
