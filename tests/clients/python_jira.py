"""PyPI jira, unmodified: reads an issue as a user of the library would, and says in one line of JSON what came of it.

    python_jira.py BASE_URL bearer|basic TOKEN ISSUE [EMAIL]
"""

import json
import sys

import jira

base_url, way, token, issue, *email = sys.argv[1:]
options = {"server": base_url, "max_retries": 0}
auth = {"token_auth": token} if way == "bearer" else {"basic_auth": ((email or ["somebody@example.com"])[0], token)}
told = {"client": f"jira {jira.__version__}"}
try:
    # The constructor reads serverInfo, and the names of fields once a field is asked for by name.
    client = jira.JIRA(options=options, max_retries=0, **auth)
    told["deployment"] = client.server_info()["deploymentType"]
    told["account"] = client.myself()["accountId"]
    told["fields"] = len(client.fields())
    told["summary"] = client.issue(issue, fields="summary").fields.summary
except jira.JIRAError as error:
    told["status"], told["error"] = error.status_code, error.text
print(json.dumps(told))
