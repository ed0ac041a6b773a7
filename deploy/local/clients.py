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


_BANK = (
    "registry.enterprises:read",
    "registry.consents:read",
    "credit.demands:read",
    "credit.offers:write",
    "credit.loans:read",
    "credit.loans:write",
    "guarantee.guarantees:read",
    "guarantee.claims:read",
    "guarantee.claims:write",
    "notify.feeds:read",
    "notify.subscriptions:read",
    "notify.subscriptions:write",
)
_GUARANTOR = (
    "registry.enterprises:read",
    "credit.loans:read",
    "guarantee.programmes:read",
    "guarantee.guarantees:read",
    "guarantee.guarantees:write",
    "guarantee.claims:read",
    "guarantee.claims:write",
    "guarantee.recoveries:write",
    "notify.feeds:read",
)
_REGUARANTOR = (
    "guarantee.programmes:read",
    "guarantee.guarantees:read",
    "guarantee.claims:read",
    "guarantee.claims:write",
    "guarantee.fund:read",
    "notify.feeds:read",
)
_FUND = (
    *_REGUARANTOR,
    "guarantee.programmes:write",
    "guarantee.fund:write",
    "guarantee.recoveries:write",
)
_INSURER = (
    "insurance.policies:read",
    "insurance.policies:write",
    "insurance.subsidies:read",
    "insurance.subsidies:write",
    "notify.feeds:read",
)
_DEPARTMENT = (
    "registry.enterprises:read",
    "registry.lists:read",
    "registry.qualifications:read",
    "notify.feeds:read",
    "notify.subscriptions:read",
    "notify.subscriptions:write",
)
_LIST_OWNER = (*_DEPARTMENT, "registry.lists:write", "registry.qualifications:write")
_CHECKER = (
    "guarantee.claims:read",
    "guarantee.claims:approve",
    "guarantee.programmes:read",
    "guarantee.programmes:approve",
)

CLIENTS: Mapping[str, Client] = {
    "bank-haizhou": Client("bank-haizhou", _BANK),
    "bank-ganyu": Client("bank-ganyu", _BANK),
    "bank-donghai": Client("bank-donghai", _BANK),
    "guarantor-ges": Client("guarantor-ges", _GUARANTOR),
    "guarantor-ges-checker": Client("guarantor-ges", (*_GUARANTOR, *_CHECKER)),
    "reguarantor-js": Client("reguarantor-js", _REGUARANTOR),
    "fund-nfgf": Client("fund-nfgf", _REGUARANTOR),
    "fund-lyg": Client("fund-lyg", _FUND),
    "fund-lyg-checker": Client("fund-lyg", (*_FUND, *_CHECKER)),
    "insurer-lead": Client("insurer-lead", _INSURER),
    "insurer-co1": Client("insurer-co1", _INSURER),
    "insurer-co2": Client("insurer-co2", _INSURER),
    "dept-kj": Client("dept-kj", _LIST_OWNER),
    "dept-gx": Client(
        "dept-gx", (*_LIST_OWNER, "insurance.subsidies:read", "insurance.subsidies:write")
    ),
    "dept-cz": Client(
        "dept-cz",
        (
            *_DEPARTMENT,
            "guarantee.fund:read",
            "insurance.subsidies:read",
            "insurance.subsidies:approve",
        ),
    ),
    "dept-sw": Client("dept-sw", _DEPARTMENT),
    "dept-rh": Client("dept-rh", (*_DEPARTMENT, "credit.loans:read")),
    "dept-jg": Client("dept-jg", (*_DEPARTMENT, "credit.loans:read", "guarantee.claims:read")),
    "operator": Client(
        "operator",
        (
            "registry.institutions:read",
            "registry.institutions:write",
            "registry.lists:read",
            "registry.lists:write",
            "guarantee.programmes:read",
            "guarantee.programmes:write",
            "notify.feeds:write",
            "notify.subscriptions:read",
            "notify.subscriptions:approve",
            "notify.disclosures:read",
        ),
    ),
    "auditor": Client(
        "auditor",
        (
            "registry.enterprises:read",
            "registry.consents:read",
            "credit.loans:read",
            "guarantee.programmes:read",
            "guarantee.guarantees:read",
            "guarantee.claims:read",
            "guarantee.fund:read",
            "insurance.policies:read",
            "insurance.subsidies:read",
            "notify.disclosures:read",
        ),
    ),
    "enterprise-portal": Client(
        "enterprise-portal",
        (
            "registry.enterprises:read",
            "registry.enterprises:write",
            "registry.consents:read",
            "registry.consents:write",
            "credit.demands:read",
            "credit.demands:write",
            "credit.offers:read",
            "credit.offers:write",
        ),
    ),
}
