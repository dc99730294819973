/**
 * The layout of a table's shared memory: what the one writer writes and the many readers read.
 *
 * ```
 * header (Int32 words)            index (at descriptor)        entry (8-octet aligned)
 *  0 magic                         0 mask (slots - 1)            0 u32 hash of the key
 *  1 state                         1 0                           4 u32 octets of the entry
 *  2 SOA serial                    2.. slots: hash, entry/8      8 u8 key length, u8 flags,
 *  3 index descriptor / 8                                            u8 answers, u8 0
 *  4 epoch                                                      12 key: labels relative to the zone
 *  5 octets taken from the heap                                 .. directory: u16 qtype, u16 0,
 *  6 names                                                             u32 answer offset in the entry
 *  7 successor: 1 when a compacted     .. answers (4-octet aligned)
 *    table took over
 *  16.. epochs of the readers, 0 = not reading
 * ```
 *
 * An answer is everything behind the question:
 *
 * ```
 *  0 u16 records in answer      2 u16 records in additional
 *  4 u32 octets of answer       8 u32 octets of additional
 * 12 u16 flags                 14 u16 octets of one rotating record, 0: none
 * 16 u16 octets before them    18 u16 rotating records
 * 20 u16 fix-ups               22 u16 0
 * 24 fix-ups: u16 places of pointers that count from the answer's start
 * .. octets
 * ```
 *
 * Owner names equal to the question are the pointer 0xC00C; a fix-up is a pointer to a name inside the
 * answer itself, to which the question's length is added when it is sent.
 */
export const MAGIC = 0x53564453;

/** Header words. */
export const WORD_MAGIC = 0;
export const WORD_STATE = 1;
export const WORD_SERIAL = 2;
export const WORD_INDEX = 3;
export const WORD_EPOCH = 4;
export const WORD_TAKEN = 5;
export const WORD_NAMES = 6;
export const WORD_SUCCESSOR = 7;
export const WORD_READERS = 16;
/** How many readers can register. */
export const MAX_READERS = 112;
/** Octets of the header. */
export const HEADER_SIZE: number = (WORD_READERS + MAX_READERS) * 4;

/** States of a table: nothing may be answered before the first lists are in. */
export const STATE_LOADING = 0;
export const STATE_READY = 1;

/** Words of an index in front of its slots. */
export const INDEX_HEADER_WORDS = 2;
/** In a slot: never used, and used once. */
export const SLOT_EMPTY = 0;
export const SLOT_DELETED = -1;

/** Entry fields, in octets. */
export const ENTRY_SIZE = 4;
export const ENTRY_KEY_LENGTH = 8;
export const ENTRY_FLAGS = 9;
export const ENTRY_ANSWERS = 10;
export const ENTRY_KEY = 12;

/** Entry flags. */
export const FLAG_PODS_INSECURE = 1;
export const FLAG_PODS_VERIFIED = 2;
/** The name answers without `svc` and zone too (search_path). */
export const FLAG_SHORT = 4;

/** Directory entry for every type that has none of its own. */
export const TYPE_OTHER = 0;

/** Answer fields, in octets from the answer's start. */
export const ANSWER_COUNT = 0;
export const ANSWER_ADDITIONAL_COUNT = 2;
export const ANSWER_LENGTH = 4;
export const ANSWER_ADDITIONAL_LENGTH = 8;
export const ANSWER_FLAGS = 12;
export const ANSWER_ROTATE_SIZE = 14;
export const ANSWER_ROTATE_START = 16;
export const ANSWER_ROTATE_COUNT = 18;
export const ANSWER_FIXUPS = 20;
export const ANSWER_HEADER = 24;

/** Answer flags. */
export const ANSWER_ASK_CHAIN = 1;
export const ANSWER_NXDOMAIN = 2;
export const ANSWER_WITH_SOA = 4;

/** Where an answer's pointers may point at the most: 14 bits less the longest question. */
export const MAX_FIXUP: number = 0x3fff - (12 + 255 + 4);
