package dev.mailbell.account;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mailbell.account.AccountSearch.Filter;
import dev.mailbell.database.Database;
import dev.mailbell.database.TestDatabase;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jdbi.v3.core.Jdbi;
import org.jdbi.v3.core.statement.SqlLogger;
import org.jdbi.v3.core.statement.StatementContext;
import org.junit.jupiter.api.Test;

/** Pages of a search while accounts are removed. */
class AccountSearchPagesTest {
    private static final UUID CLIENT = UUID.fromString("00000000-0000-7000-8000-000000000000");

    private static void fill(Jdbi jdbi) {
        jdbi.useHandle(handle ->
                handle.execute(
                        """
                        insert into account (id, client_id, shard, ref, address, protocol, host, port, security, username,
                            auth, credential, tls_verify, mailboxes, envelopes, labels, state, state_since, created_at,
                            updated_at)
                        select ('00000000-0000-7000-8000-' || lpad(n::text, 12, '0'))::uuid, ?, 0, n::text,
                            'user' || n || '@example.org', 'imap', 'imap.example.org', 993, 'tls', 'a', 'password', '\\x00',
                            true, '{INBOX}', false, '{"plan":"pro"}', 'watching', now(), now(), now()
                        from generate_series(1, 5) n\
                        """,
                        CLIENT));
    }

    /** Removes an account, of another thread, when the first statement of the search has ended. */
    private static void removeAfterFirstStatement(Jdbi jdbi, String ref) {
        AtomicBoolean done = new AtomicBoolean();
        jdbi.setSqlLogger(
                new SqlLogger() {
                    @Override
                    public void logAfterExecution(StatementContext context) {
                        if (done.compareAndSet(false, true)) {
                            CompletableFuture.runAsync(() ->
                                            jdbi.useHandle(handle ->
                                                    handle.execute(
                                                            "delete from account where ref = ?",
                                                            ref)))
                                    .join();
                        }
                    }
                });
    }

    /** A page of one row less than was asked for counts as the last one. */
    @Test
    void an_account_that_is_removed_meanwhile_does_not_end_the_list() throws Exception {
        for (Filter filter :
                List.of(
                        new Filter(CLIENT, null, null, null, null, Map.of("plan", "pro")),
                        new Filter(CLIENT, "user", null, null, null, Map.of()))) {
            try (Database database = TestDatabase.create()) {
                Jdbi jdbi = database.jdbi();
                fill(jdbi);
                removeAfterFirstStatement(jdbi, "2");
                assertThat(new AccountSearch(jdbi).page(filter, null, 3))
                        .as("%s", filter)
                        .hasSize(3);
            }
        }
    }
}
