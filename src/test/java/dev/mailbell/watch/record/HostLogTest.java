package dev.mailbell.watch.record;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Level;
import dev.mailbell.LogLines;
import dev.mailbell.account.Account;
import dev.mailbell.account.AccountState;
import dev.mailbell.account.Failure;
import dev.mailbell.mail.FailureCode;
import dev.mailbell.watch.TestAccount;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class HostLogTest {
    private static final Instant NOW = Instant.parse("2026-11-20T23:59:07Z");

    private final LogLines lines = new LogLines(HostLog.class, Level.INFO);
    private final HostLog log = new HostLog();

    @AfterEach
    void close() {
        lines.close();
    }

    private static Account failing() {
        return TestAccount.of(AccountState.CONNECTING, Map.of(), NOW)
                .withState(
                        AccountState.RETRYING,
                        NOW,
                        new Failure(
                                FailureCode.CONNECT_FAILED, "the connection is refused", NOW, 1));
    }

    @Test
    void an_outage_of_a_host_is_a_line_a_minute_with_accounts_by_name_and_the_reason() {
        List<Account> accounts = Stream.generate(HostLogTest::failing).limit(6).toList();
        accounts.forEach(log::changed);
        assertThat(lines.messages())
                .containsExactly(
                        "Account %s (imap.example.org): retrying, connect_failed: the connection is refused"
                                .formatted(accounts.getFirst().id()));
        log.minute();
        assertThat(lines.messages())
                .hasSize(2)
                .last()
                .isEqualTo(
                        "More accounts of imap.example.org in the last minute: retrying, connect_failed, 5 (%s, %s, %s, …): the connection is refused"
                                .formatted(
                                        accounts.get(1).id(),
                                        accounts.get(2).id(),
                                        accounts.get(3).id()));
        log.minute();
        assertThat(lines.messages()).hasSize(2);
    }
}
