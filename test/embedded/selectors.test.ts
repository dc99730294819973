import { describe, expect, it } from 'vitest';
import { ApiError } from '../../src/embedded/api-error.js';
import { matchesFields, parseFieldSelector } from '../../src/embedded/field-selector.js';
import {
  formatLabelSelector,
  matchesLabels,
  matchesPairs,
  parseLabelSelector,
} from '../../src/embedded/label-selector.js';
import { resourceOf } from '../../src/embedded/resource-type.js';

describe('label selectors', () => {
  const labels = { app: 'web', tier: 'front', 'example.org/x': '' };

  it.each([
    ['', true],
    ['app=web', true],
    ['app==web,tier!=back', true],
    ['app=db', false],
    ['app in (db, web),tier notin (back)', true],
    ['missing notin (a)', true],
    ['missing!=a', true],
    ['app,!missing', true],
    ['!app', false],
    ['example.org/x', true],
    ['example.org/x=', true],
  ])('"%s" matches: %s', (text, expected) => {
    expect(matchesLabels(parseLabelSelector(text), labels)).toBe(expected);
  });

  it('refuses what is no selector with 400', () => {
    expect(() => parseLabelSelector('a in b')).toThrow(ApiError);
    expect(() => parseLabelSelector('=a')).toThrow(ApiError);
  });

  it('formats back what it parsed', () => {
    const text = 'a=b,c in (d,e),f,!g,h!=i';
    expect(formatLabelSelector(parseLabelSelector(text))).toBe(text);
  });

  it('R-02 an empty selector of a Service selects nothing', () => {
    expect(matchesPairs({}, labels)).toBe(false);
    expect(matchesPairs({ app: 'web' }, labels)).toBe(true);
    expect(matchesPairs({ app: 'web', tier: 'back' }, labels)).toBe(false);
  });
});

describe('field selectors', () => {
  const pod = { metadata: { name: 'p', namespace: 'n' }, status: { phase: 'Running' } };

  it.each([
    ['metadata.name=p', true],
    ['metadata.name=q', false],
    ['status.phase!=Failed,status.phase!=Succeeded', true],
    ['metadata.namespace==n', true],
    ['spec.nodeName=', true],
  ])('"%s" matches: %s', (text, expected) => {
    expect(matchesFields(parseFieldSelector(text, resourceOf('Pod')), pod)).toBe(expected);
  });

  it('refuses a field that the kind does not offer', () => {
    expect(() => parseFieldSelector('spec.clusterIP=x', resourceOf('Pod'))).toThrow(
      /field label not supported: spec.clusterIP/,
    );
  });
});
