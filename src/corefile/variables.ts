/** Values put into tokens: environment variables `{$NAME}` and `{%NAME%}`, snippet arguments `{args[0]}`. */

/** The environment as a Corefile sees it. */
export type Environment = Readonly<Record<string, string | undefined>>;

/**
 * The text with each `{%NAME%}` and `{$NAME}` replaced by the variable's value, as CoreDNS does: a
 * variable that is not set is the empty text, there is no form with a default, a placeholder without
 * a name stays. A value is not looked at again, so a variable cannot refer to itself.
 */
export function expandVariables(text: string, env: Environment): string {
  return text.replace(
    /\{%(.+?)%\}|\{\$([^}]+)\}/gs,
    (_, windows: string | undefined, unix: string | undefined) => env[windows ?? unix ?? ''] ?? '',
  );
}

/** A snippet's text with its arguments put in; `missing` is the first index that was asked for and not given. */
export interface ExpandedArguments {
  readonly text: string;
  readonly missing?: number;
}

/** Replaces `{args[N]}` and `{args.N}`, N from 0. */
export function expandArguments(text: string, args: readonly string[]): ExpandedArguments {
  let missing: number | undefined;
  const expanded = text.replace(
    /\{args(?:\[(\d{1,4})\]|\.(\d{1,4}))\}/g,
    (_, bracket: string | undefined, dot: string | undefined) => {
      const index = Number(bracket ?? dot);
      const value = args[index];
      if (value === undefined) missing ??= index;
      return value ?? '';
    },
  );
  return missing === undefined ? { text: expanded } : { text: expanded, missing };
}
