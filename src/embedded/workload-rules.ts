/** Defaults and checks of Deployments, ReplicaSets and StatefulSets. */
import { type FieldFault, invalidValue, requiredValue } from './field-fault.js';
import { type JsonObject, objectAt, openObject, sameJson, textMapAt } from './json.js';
import { matchesLabels, parseObjectSelector } from './label-selector.js';
import { applyPodSpecDefaults, validatePodSpec } from './pod-rules.js';

/** Fills a set in place, by its kind. */
export function applyWorkloadDefaults(object: JsonObject): void {
  const spec = openObject(object, 'spec');
  spec['replicas'] ??= 1;
  applyPodSpecDefaults(openObject(openObject(spec, 'template'), 'spec'));
  if (object['kind'] === 'Deployment') {
    spec['strategy'] ??= { type: 'RollingUpdate' };
    const strategy = openObject(spec, 'strategy');
    if (strategy['type'] === 'RollingUpdate') {
      strategy['rollingUpdate'] ??= { maxUnavailable: '25%', maxSurge: '25%' };
    }
    spec['revisionHistoryLimit'] ??= 10;
    spec['progressDeadlineSeconds'] ??= 600;
  }
  if (object['kind'] === 'StatefulSet') {
    spec['serviceName'] ??= '';
    spec['podManagementPolicy'] ??= 'OrderedReady';
    spec['updateStrategy'] ??= { type: 'RollingUpdate', rollingUpdate: { partition: 0 } };
    spec['revisionHistoryLimit'] ??= 10;
    spec['persistentVolumeClaimRetentionPolicy'] ??= {
      whenDeleted: 'Retain',
      whenScaled: 'Retain',
    };
  }
}

export function validateWorkload(object: JsonObject, before?: JsonObject): FieldFault[] {
  const spec = objectAt(object, 'spec');
  const replicas = spec['replicas'];
  const selector = objectAt(spec, 'selector');
  const faults: FieldFault[] = [];
  if (typeof replicas !== 'number' || !Number.isInteger(replicas) || replicas < 0) {
    faults.push(invalidValue('spec.replicas', replicas, 'must be greater than or equal to 0'));
  }
  const conditions = parseObjectSelector(selector);
  const labels = textMapAt(spec, 'template', 'metadata', 'labels');
  if (conditions.length === 0) {
    faults.push(requiredValue('spec.selector'));
  }
  if (conditions.length === 0 || !matchesLabels(conditions, labels)) {
    const detail = '`selector` does not match template `labels`';
    faults.push(invalidValue('spec.template.metadata.labels', labels, detail));
  }
  if (before !== undefined && !sameJson(selector, objectAt(before, 'spec', 'selector'))) {
    faults.push(invalidValue('spec.selector', selector, 'field is immutable'));
  }
  return [...faults, ...validatePodSpec(objectAt(spec, 'template', 'spec'), 'spec.template.spec')];
}
