"""usesmileid, as its users call it: identities by their numbers, and what may be asked before."""

import re

import pytest
from calling_v3 import JOE_LEO, client, decision, ended, nin, person, refused, said
from usesmileid import errors


def test_a_person_s_record(service, user):
    asking = client(service)
    sent = said(JOE_LEO)
    accepted = asking.enhanced_kyc.verify(user_id=user, metadata=[{"name": "branch", "value": "Ikeja"}], **nin(), **sent)
    assert accepted.user_id == user
    told = ended(service, asking, accepted)
    assert (*decision(told), told["product"]) == ("clear", None, "enhanced_kyc")
    record = told["id_fields"]
    assert {name: record[name] for name in ("country", "id_type", "id_number", "first_name", "last_name", "date_of_birth")} == {
        "country": "NG", "id_type": "NIN", "id_number": "00000000000", "first_name": "Joe", "last_name": "Leo",
        "date_of_birth": "2000-09-20",
    }
    assert told["partner_params"]["order"] == sent["partner_params"]["order"]
    assert told["user_provided_info"]["email"] == "joe.leo@example.com"
    for name in ("created_at", "completed_at"):
        assert re.match(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d", told[name])
    assert {"message", "kyc_receipt", "image_links", "antifraud", "device_signals", "consent"} <= told.keys()


@pytest.mark.parametrize("expected, number, details", [
    (("block", "name_mismatch"), "00000000000", person("Grace", "Hopper")),
    (("block", "identifier_not_found"), "00000000001", JOE_LEO),
    (("error", "invalid_id_number"), "00000000002", JOE_LEO),
    (("error", "service_unavailable"), "00000000003", JOE_LEO),
    (("error", "invalid_id_number"), "123", JOE_LEO),
])
def test_a_number_that_does_not_prove_the_person(service, expected, number, details):
    asking = client(service)
    told = ended(service, asking, asking.enhanced_kyc.verify(**nin(number), **said(details)))
    assert decision(told) == expected and told["id_fields"] is None


def test_what_is_not_enabled_is_not_asked(service):
    sandbox, production = client(service), client(service, "production")
    for asking, what in [(sandbox, nin(id_type="LIBRARY_CARD")), (sandbox, nin(country="FR")), (production, nin())]:
        refused(errors.PermissionError, what["id_type"], asking.enhanced_kyc.verify, **what, **said(JOE_LEO))


def test_bank_accounts_name_their_bank(service):
    asking = client(service)
    banks = asking.services.bank_codes(country="NG").bank_codes
    assert banks and all(bank.country == "NG" and bank.code and bank.name for bank in banks)
    assert len(asking.services.bank_codes().bank_codes) > len(banks)
    account = {"country": "NG", "id_type": "BANK_ACCOUNT", "id_number": "0000000000"}
    told = ended(service, asking, asking.enhanced_kyc.verify(bank_code=banks[0].code, **account, **said(JOE_LEO)))
    assert decision(told) == ("clear", None)
    refused(errors.InvalidRequestError, "bank_code", asking.enhanced_kyc.verify, **account, **said(JOE_LEO))


def test_id_types_that_may_be_asked_for(service):
    # Nobody need say who asks: even a key that is none does not hinder.
    asking = client(service, key="wrong")
    offered = asking.services.supported_id_types(country="NG").id_types
    assert {offer.country for offer in offered} == {"NG"}
    [of_nin] = [offer for offer in offered if offer.type == "NIN"]
    assert of_nin.regex == "^[0-9]{11}$" and of_nin.label
    assert {"country", "id_type", "id_number"} <= set(of_nin.required_fields)
    accounts = [offer for offer in offered if offer.type == "BANK_ACCOUNT"]
    assert len({offer.bank_code for offer in accounts}) == len(accounts) > 1
    assert {offer.country for offer in asking.services.supported_id_types().id_types} > {"NG", "KE"}
    # Documents are not served yet.
    documents = asking.services.supported_documents(continent="AFRICA", country_code="GH", locale="fr-FR")
    assert documents.valid_documents == []


@pytest.mark.parametrize("method, query", [
    ("bank_codes", {"country": "NGA"}),
    ("supported_id_types", {"country": "NGA"}),
    ("supported_documents", {"continent": "Africa"}),
])
def test_lookups_that_are_open_refuse_by_code(service, method, query):
    [name] = query
    with pytest.raises(errors.InvalidRequestError, match=name) as error:
        getattr(client(service).services, method)(**query)
    assert error.value.code == "2204" and error.value.status_code == 400


def test_how_an_authority_answers_of_late(service):
    asking = client(service)
    ended(service, asking, asking.enhanced_kyc.verify(**nin(), **said(JOE_LEO)))
    status = asking.services.id_status(country="NG", id_type="NIN")
    assert (status.last_check_status, status.last_known_status) == ("success", "online")
    assert status.last_checked and all(
        re.fullmatch(r"\d{1,3}%", rate) for rate in (status.last_hour_success_rate, status.last_check_success_rate)
    )
    refused(errors.InvalidRequestError, "id_type", asking.services.id_status, country="NG", id_type="LIBRARY_CARD")
    with client(service, key="wrong") as stranger:
        refused(errors.AuthenticationError, "", stranger.services.id_status, country="NG", id_type="NIN")
