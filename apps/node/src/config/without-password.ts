/** A URL that may be shown: without user, password and what follows its path, also where it is none and cannot be parsed. */
export function withoutPassword(url: string): string {
  const secretsEnd = url.lastIndexOf('@') + 1;
  const rest = secretsEnd === 0 ? url : `${/^[a-z]+:\/\//i.exec(url)?.[0] ?? ''}${url.slice(secretsEnd)}`;
  return rest.replace(/[?#].*$/s, '');
}
