"""The API's description is OpenAPI 3.1, as its own schema has it."""

import requests
from openapi_spec_validator import OpenAPIV31SpecValidator


def test_the_description_is_openapi_3_1(service):
    document = requests.get(service.base + "/openapi.json").json()
    assert document["openapi"].startswith("3.1.")
    assert [error.message for error in OpenAPIV31SpecValidator(document).iter_errors()] == []
