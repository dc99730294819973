/** Checks of a Service's clusterIP, clusterIPs, ipFamilies and ipFamilyPolicy, which hang together. */
import {
  duplicateValue,
  type FieldFault,
  invalidValue,
  requiredValue,
  unsupportedValue,
} from './field-fault.js';
import { at, type JsonObject, textAt, textsAt } from './json.js';
import { addressFamily } from './name-rules.js';
import { isHeadless, NO_CLUSTER_IP, serviceType } from './service-fields.js';

const FAMILIES: readonly string[] = ['IPv4', 'IPv6'];
const POLICIES: readonly string[] = ['PreferDualStack', 'RequireDualStack', 'SingleStack'];
const LIST = 'spec.clusterIPs';

/** Faults of the four fields; an ExternalName has none of them and is checked elsewhere. */
export function validateClusterIPs(service: JsonObject): FieldFault[] {
  if (serviceType(service) === 'ExternalName') return [];
  const faults = [...validateAgreement(service), ...validateFamilies(service)];
  const addresses = validateAddresses(service);
  if (addresses.length > 0) return [...faults, ...addresses];
  return [...faults, ...validateStack(service)];
}

function validateAgreement(service: JsonObject): FieldFault[] {
  const one = textAt(service, 'spec', 'clusterIP');
  const list = textsAt(service, 'spec', 'clusterIPs');
  if (one === '') {
    const detail = 'must be empty when `clusterIP` is not specified';
    return list.length === 0 ? [] : [invalidValue(LIST, list, detail)];
  }
  if (list.length === 0) return [requiredValue(LIST)];
  return list[0] === one ? [] : [invalidValue(LIST, list, 'first value must match `clusterIP`')];
}

function validateFamilies(service: JsonObject): FieldFault[] {
  const faults: FieldFault[] = [];
  const seen = new Set<string>();
  for (const [index, family] of textsAt(service, 'spec', 'ipFamilies').entries()) {
    const field = `spec.ipFamilies[${index}]`;
    if (!FAMILIES.includes(family)) faults.push(unsupportedValue(field, family, FAMILIES));
    if (seen.has(family)) faults.push(duplicateValue(field, family));
    seen.add(family);
  }
  const policy = at(service, 'spec', 'ipFamilyPolicy');
  if (policy !== undefined && !(typeof policy === 'string' && POLICIES.includes(policy))) {
    faults.push(unsupportedValue('spec.ipFamilyPolicy', policy, POLICIES));
  }
  return faults;
}

function validateAddresses(service: JsonObject): FieldFault[] {
  const list = textsAt(service, 'spec', 'clusterIPs');
  const faults: FieldFault[] = [];
  for (const [index, ip] of list.entries()) {
    if (index === 0 && ip === NO_CLUSTER_IP) {
      if (list.length > 1) {
        faults.push(invalidValue(LIST, list, "'None' must be the first and only value"));
      }
    } else if (addressFamily(ip) === undefined) {
      const detail = 'must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)';
      faults.push(invalidValue(`${LIST}[${index}]`, ip, detail));
    }
  }
  return faults;
}

function validateStack(service: JsonObject): FieldFault[] {
  const list = textsAt(service, 'spec', 'clusterIPs');
  const families = textsAt(service, 'spec', 'ipFamilies');
  const faults: FieldFault[] = [];
  if (list.length > 2) faults.push(invalidValue(LIST, list, 'may only hold up to 2 values'));
  if (list.length > 1 && new Set(list.map(addressFamily)).size !== list.length) {
    faults.push(invalidValue(LIST, list, 'may specify no more than one IP for each IP family'));
  }
  if (isHeadless(service)) return faults;
  for (const [index, ip] of list.entries()) {
    const family = families[index];
    if (family !== undefined && FAMILIES.includes(family) && addressFamily(ip) !== family) {
      const detail = `expected an ${family} value as indicated by \`ipFamilies[${index}]\``;
      faults.push(invalidValue(`${LIST}[${index}]`, ip, detail));
    }
  }
  return faults;
}

/** Faults of a change: the first cluster IP stays, a second one may come and go with the policy. */
export function validateClusterIPUpdate(service: JsonObject, before: JsonObject): FieldFault[] {
  if (serviceType(service) === 'ExternalName' || serviceType(before) === 'ExternalName') return [];
  if (isHeadless(service) && isHeadless(before)) return [];
  const list = textsAt(service, 'spec', 'clusterIPs');
  const old = textsAt(before, 'spec', 'clusterIPs');
  const faults: FieldFault[] = [];
  for (const [index, ip] of old.entries()) {
    if (index < list.length && list[index] !== ip) {
      faults.push(invalidValue(`${LIST}[${index}]`, list, 'may not change once set'));
    }
  }
  if (old.length > 0 && list.length === 0) {
    faults.push(invalidValue(`${LIST}[0]`, list, 'primary clusterIP can not be unset'));
  }
  const policy = textAt(service, 'spec', 'ipFamilyPolicy');
  if (list.length === 1 && old.length === 2 && policy !== 'SingleStack') {
    const detail = "must be set to 'SingleStack' when releasing the secondary clusterIP";
    faults.push(invalidValue('spec.ipFamilyPolicy', policy, detail));
  }
  return [...faults, ...validateFamilyUpdate(service, before)];
}

function validateFamilyUpdate(service: JsonObject, before: JsonObject): FieldFault[] {
  const families = textsAt(service, 'spec', 'ipFamilies');
  const old = textsAt(before, 'spec', 'ipFamilies');
  return old.flatMap((family, index) =>
    index < families.length && families[index] !== family
      ? [invalidValue(`spec.ipFamilies[${index}]`, families, 'may not change once set')]
      : [],
  );
}
