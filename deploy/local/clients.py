"""The development clients: who may call, for which organisation, with which scopes. Data only.

Organisations carry the codes of examples/lianyungang; a scope is `<service>.<slice>:<verb>`.
They exist in the local issuer alone: a deployment brings its own issuer and its own clients.
"""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Client:
    """One caller known to the development issuer."""

    org: str
    scopes: tuple[str, ...]


_FEEDS = (
    "notify.feeds:read",
    "notify.subscriptions:read",
    "notify.subscriptions:write",
    "notify.disclosures:read",
)
_BANK = (
    *_FEEDS,
    "registry.enterprises:read",
    "registry.consents:read",
    "credit.demands:read",
    "credit.offers:write",
    "credit.loans:read",
    "credit.loans:write",
    "guarantee.programmes:read",
    "guarantee.guarantees:read",
    "guarantee.claims:read",
    "guarantee.claims:write",
    "guarantee.legs:pay",
    "guarantee.breakers:read",
    "guarantee.loan-attributes:write",
    "guarantee.reports:read",
    "guarantee.reports:write",
    "guarantee.reconciliations:read",
    "guarantee.reconciliations:write",
)
_GUARANTOR = (
    *_FEEDS,
    "registry.enterprises:read",
    "registry.consents:read",
    "guarantee.programmes:read",
    "guarantee.guarantees:read",
    "guarantee.claims:read",
    "guarantee.claims:verify",
    "guarantee.legs:pay",
    "guarantee.recoveries:write",
    "guarantee.breakers:read",
    "guarantee.reports:read",
    "guarantee.reports:write",
    "guarantee.reconciliations:read",
    "guarantee.reconciliations:write",
)
_REGUARANTOR = (
    *_FEEDS,
    "guarantee.programmes:read",
    "guarantee.guarantees:read",
    "guarantee.claims:read",
    "guarantee.legs:pay",
    "guarantee.breakers:read",
)
_FUND = (
    *_REGUARANTOR,
    "guarantee.programmes:write",
    "guarantee.fund:read",
    "guarantee.fund:write",
    "guarantee.breakers:restore",
    "guarantee.rule-packs:read",
    "guarantee.rule-packs:write",
    "guarantee.reports:read",
    "guarantee.reports:write",
    "guarantee.reconciliations:read",
    "guarantee.reconciliations:write",
)
_FUND_APPROVE = ("guarantee.programmes:approve", "guarantee.rule-packs:approve")
_INSURER = (
    *_FEEDS,
    "registry.enterprises:read",
    "insurance.qualifications:read",
    "insurance.policies:read",
    "insurance.policies:write",
    "insurance.subsidies:read",
)
_DEPARTMENT = (
    *_FEEDS,
    "registry.institutions:read",
    "registry.enterprises:read",
    "registry.lists:read",
)
_LIST_OWNER = (
    *_DEPARTMENT,
    "registry.qualifications:read",
    "registry.enterprises:write",
    "registry.lists:write",
    "registry.qualifications:write",
)
_SUPERVISOR = (
    *_DEPARTMENT,
    "credit.loans:read",
    "credit.loans:read-all",
    "guarantee.programmes:read",
    "guarantee.guarantees:read",
    "guarantee.guarantees:read-all",
    "guarantee.claims:read",
    "guarantee.claims:read-all",
    "guarantee.fund:read",
    "guarantee.fund:read-all",
    "guarantee.breakers:read",
    "guarantee.reports:read",
    "guarantee.reports:read-all",
    "guarantee.reports:write",
    "guarantee.reconciliations:read",
    "guarantee.reconciliations:read-all",
)
_SERVICES = ("registry", "credit", "guarantee", "insurance", "notify")
_OPERATIONS_READ = tuple(f"{service}.operations:read" for service in _SERVICES)
_OPERATIONS_WRITE = tuple(f"{service}.operations:write" for service in _SERVICES)
_OPERATIONS_APPROVE = tuple(f"{service}.operations:approve" for service in _SERVICES)
_OPERATOR = (
    *_OPERATIONS_READ,
    *_OPERATIONS_WRITE,
    "notify.cases:read",
    "registry.institutions:read",
    "registry.institutions:write",
    "registry.enterprises:read",
    "registry.enterprises:read-all",
    "registry.qualifications:read",
    "registry.qualifications:read-all",
    "registry.lists:read",
    "registry.consents:read",
    "registry.consents:read-all",
    "guarantee.programmes:read",
    "notify.feeds:read",
    "notify.feeds:write",
    "notify.subscriptions:read",
    "notify.subscriptions:read-all",
    "notify.subscriptions:approve",
    "notify.disclosures:read",
    "notify.disclosures:read-all",
)
_AUDITOR = (
    *_SUPERVISOR,
    "guarantee.rule-packs:read",
    "guarantee.rule-packs:read-all",
    *_OPERATIONS_READ,
    "notify.cases:read",
    "registry.consents:read",
    "registry.consents:read-all",
    "credit.demands:read",
    "credit.demands:read-all",
    "insurance.qualifications:read",
    "insurance.policies:read",
    "insurance.policies:read-all",
    "insurance.subsidies:read",
    "insurance.subsidies:read-all",
    "notify.subscriptions:read-all",
    "notify.disclosures:read-all",
)
_PORTAL = (
    "registry.institutions:read",
    "registry.enterprises:read",
    "registry.enterprises:read-all",
    "registry.enterprises:write",
    "registry.qualifications:read",
    "registry.qualifications:read-all",
    "registry.consents:read",
    "registry.consents:read-all",
    "registry.consents:write",
    "credit.demands:read",
    "credit.demands:read-all",
    "credit.demands:write",
    "insurance.policies:read",
    "insurance.policies:read-all",
    "insurance.subsidies:read",
    "insurance.subsidies:read-all",
    "insurance.subsidies:write",
    "notify.subscriptions:read",
    "notify.subscriptions:read-all",
    "notify.disclosures:read",
    "notify.disclosures:read-all",
)

CLIENTS: Mapping[str, Client] = {
    "bank-haizhou": Client("bank-haizhou", _BANK),
    "bank-ganyu": Client("bank-ganyu", _BANK),
    "bank-donghai": Client("bank-donghai", _BANK),
    "guarantor-ges": Client("guarantor-ges", _GUARANTOR),
    "guarantor-ges-checker": Client("guarantor-ges", (*_GUARANTOR, "guarantee.claims:approve")),
    "guarantor-ges-director": Client(
        "guarantor-ges",
        (*_GUARANTOR, "guarantee.claims:approve", "guarantee.claims:approve-large"),
    ),
    "reguarantor-js": Client("reguarantor-js", _REGUARANTOR),
    "fund-nfgf": Client("fund-nfgf", _FUND),
    "fund-nfgf-checker": Client("fund-nfgf", (*_FUND, *_FUND_APPROVE)),
    "fund-lyg": Client("fund-lyg", _FUND),
    "fund-lyg-checker": Client("fund-lyg", (*_FUND, *_FUND_APPROVE)),
    "insurer-lead": Client("insurer-lead", _INSURER),
    "insurer-co1": Client("insurer-co1", _INSURER),
    "insurer-co2": Client("insurer-co2", _INSURER),
    "dept-kj": Client("dept-kj", _LIST_OWNER),
    "dept-gx": Client(
        "dept-gx",
        (*_LIST_OWNER, "insurance.qualifications:read", "insurance.qualifications:write"),
    ),
    "dept-cz": Client(
        "dept-cz",
        (
            *_SUPERVISOR,
            "insurance.subsidies:read",
            "insurance.subsidies:approve",
            "insurance.subsidies:pay",
        ),
    ),
    "dept-sw": Client("dept-sw", (*_DEPARTMENT, "registry.enterprises:write")),
    "dept-rh": Client("dept-rh", _SUPERVISOR),
    "dept-jg": Client("dept-jg", _SUPERVISOR),
    "operator": Client("operator", _OPERATOR),
    "operator-checker": Client("operator", (*_OPERATOR, *_OPERATIONS_APPROVE)),
    "auditor": Client("auditor", _AUDITOR),
    "enterprise-portal": Client("enterprise-portal", _PORTAL),
}
