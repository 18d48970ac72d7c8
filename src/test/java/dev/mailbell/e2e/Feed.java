package dev.mailbell.e2e;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.mailbell.mail.dovecot.Dovecot;
import java.util.HashSet;
import java.util.Set;
import tools.jackson.databind.JsonNode;

/** The feed of a daemon's events, as a client reads it. */
record Feed(Rest rest) {
    /**
     * Returns when the feed shows all events so far. It shows them in the order of their
     * transactions, and none beside an older transaction, such as one of autovacuum: it shows all
     * when it shows a later one, the baseline of one more account. A sum that is right before may
     * be made of one message twice and another one not shown yet.
     */
    void awaitAll() {
        Dovecot dovecot = Dovecot.shared();
        String last =
                rest.registerAccount(
                        "imap", dovecot.imapPort(), dovecot.freshUser().user(), Dovecot.PASSWORD);
        await().until(() -> !page("&type=mailbox.baseline&accountId=" + last).isEmpty());
    }

    /** The sum of {@code newCount} over all {@code mail.new} events. */
    int announced() {
        return sum("&type=mail.new");
    }

    /** The same over those of an account. */
    int announced(String accountId) {
        return sum("&type=mail.new&accountId=" + accountId);
    }

    private int sum(String filter) {
        int sum = 0;
        Set<String> ids = new HashSet<>();
        JsonNode items = page(filter);
        while (!items.isEmpty()) {
            String last = "";
            for (JsonNode event : items) {
                last = event.path("id").stringValue();
                assertThat(ids.add(last)).as("%s comes once", last).isTrue();
                sum += event.path("data").path("newCount").intValue();
            }
            items = page(filter + "&after=" + last);
        }
        return sum;
    }

    private JsonNode page(String more) {
        return rest.get("/v1/events?limit=500" + more).expect(200).path("items");
    }
}
