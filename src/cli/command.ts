/** The contract between the command line's frame and its commands: one file a command, loaded when asked for. */

/** The outside world as a command may see it; nothing under a command reads `process` itself. */
export interface CommandIo {
  /** Writes text as it is; line ends are the caller's. */
  stdout(text: string): void;
  stderr(text: string): void;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Folder against which file names of the command line are resolved. */
  readonly cwd: string;
  /** Whether standard output is a terminal: readable logs instead of JSON lines. */
  readonly terminal: boolean;
  /** Aborted by the first SIGINT or SIGTERM; a second one ends the process at once. */
  readonly signal: AbortSignal;
  /** Calls `listener` at each SIGHUP and SIGUSR1; gives back how to stop that. */
  onReload(listener: () => void): () => void;
}

/** A command's module: `run` is all that the frame calls. */
export interface Command {
  /**
   * @param argv the arguments behind the command's name
   * @returns the exit code: 0 done, 1 a fault that was reported, 2 wrong usage
   * @throws SvcdnsError printed as one line, exit 1 (CLI_USAGE: exit 2 with a hint)
   */
  run(argv: readonly string[], io: CommandIo): Promise<number>;
}
