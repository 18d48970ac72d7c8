package dev.mailbell.e2e.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mailbell.e2e.Rest;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import tools.jackson.databind.JsonNode;

/**
 * An account with its mailbox at the scripted servers.
 *
 * @param account its id
 * @param user the name by which it logs in
 */
record Mailbox(String account, String user, boolean pop3) {
    /** Registers accounts of both protocols through one node. */
    static List<Mailbox> register(Rest rest, MailTruth mail, int imapAccounts, int pop3Accounts) {
        List<Map<String, Object>> accounts = new ArrayList<>();
        List<String> users = new ArrayList<>();
        for (int i = 0; i < imapAccounts + pop3Accounts; i++) {
            boolean pop3 = i >= imapAccounts;
            String user = (pop3 ? "drop-" : "box-") + i;
            users.add(user);
            accounts.add(
                    Rest.account(
                            pop3 ? "pop3" : "imap",
                            pop3 ? mail.pop3Port() : mail.imapPort(),
                            user,
                            "secret"));
        }
        JsonNode results =
                rest.post("/v1/accounts/batch", Map.of("accounts", accounts))
                        .expect(200)
                        .path("results");
        List<Mailbox> mailboxes = new ArrayList<>();
        for (JsonNode result : results) {
            int i = result.path("index").intValue();
            mailboxes.add(
                    new Mailbox(
                            result.path("account").path("id").stringValue(),
                            users.get(i),
                            i >= imapAccounts));
        }
        assertThat(mailboxes).hasSize(users.size());
        return mailboxes;
    }
}
