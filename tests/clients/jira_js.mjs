// npm jira.js, unmodified: reads an issue as a user of the library would, and says in one line of JSON what came of it.
//
//     node jira_js.mjs PACKAGE BASE_URL bearer|basic TOKEN ISSUE [EMAIL]
//
// PACKAGE is the library's entry: it is installed outside of this folder.

import { pathToFileURL } from 'node:url';

const [entry, host, way, token, issueIdOrKey, email = 'somebody@example.com'] = process.argv.slice(2);
const { createCloudClient } = await import(pathToFileURL(entry));

const auth =
  way === 'bearer'
    ? { type: 'bearer', token }
    : { type: 'basic', email, apiToken: token };
const told = { client: 'jira.js' };
try {
  const jira = createCloudClient({ host, auth });
  told.deployment = (await jira.serverInfo.getServerInfo()).deploymentType;
  told.account = (await jira.myself.getCurrentUser()).accountId;
  told.fields = (await jira.issueFields.getFields()).length;
  told.summary = (await jira.issues.getIssue({ issueIdOrKey, fields: ['summary'] })).fields.summary;
} catch (error) {
  told.status = error.status;
  told.error = error.message;
}
console.log(JSON.stringify(told));
