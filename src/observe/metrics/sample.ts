/** Numbers that are looked up when somebody scrapes, not counted. */

/** One series of a metric of the catalog; labels that are left out are empty. */
export interface Sample {
  readonly metric: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly value: number;
}

/** Asked at each scrape, on the main thread. */
export type SampleSource = () => Iterable<Sample>;
