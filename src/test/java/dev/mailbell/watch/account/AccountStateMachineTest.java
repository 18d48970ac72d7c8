package dev.mailbell.watch.account;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mailbell.account.Account;
import dev.mailbell.account.AccountState;
import dev.mailbell.account.Failure;
import dev.mailbell.mail.FailureCode;
import dev.mailbell.mail.MailFailure;
import dev.mailbell.watch.TestAccount;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class AccountStateMachineTest {
    private static final Instant REGISTERED = Instant.parse("2026-11-20T12:00:00Z");
    private static final Instant NOW = REGISTERED.plusSeconds(3_600);

    private static Account account(AccountState state, int attempts) {
        Account account = TestAccount.of(state, Map.of(), REGISTERED);
        return attempts == 0
                ? account
                : account.withState(
                        state,
                        REGISTERED,
                        new Failure(FailureCode.TIMEOUT, "late", REGISTERED, attempts));
    }

    @ParameterizedTest
    @CsvSource({
        // state, failures before, code, has ever worked, minutes since the first one, state after
        "CONNECTING, 0, CONNECT_FAILED, false, 0, RETRYING",
        "CONNECTING, 0, AUTH_FAILED, false, 0, PARKED",
        "WATCHING, 0, CONNECT_FAILED, true, 0, RETRYING",
        "WATCHING, 0, AUTH_FAILED, true, 0, RETRYING",
        "RETRYING, 1, AUTH_FAILED, true, 60, RETRYING",
        "RETRYING, 2, AUTH_FAILED, true, 9, RETRYING",
        "RETRYING, 2, AUTH_FAILED, true, 10, PARKED",
        "RETRYING, 2, TOKEN_REFUSED, true, 10, PARKED",
        "RETRYING, 99, TIMEOUT, true, 9999, RETRYING",
        "RETRYING, 1, AUTH_FAILED, false, 0, PARKED",
        "PARKED, 3, AUTH_FAILED, true, 0, PARKED",
        "PARKED, 3, CONNECT_FAILED, true, 9999, RETRYING",
    })
    void a_failure_leads_to_the_state(
            AccountState before,
            int failures,
            FailureCode code,
            boolean everWorked,
            int minutes,
            AccountState after) {
        Account failed =
                AccountStateMachine.failed(
                        account(before, failures),
                        new MailFailure(code, "no"),
                        everWorked,
                        Duration.ofMinutes(minutes),
                        NOW);
        assertThat(failed.state()).isEqualTo(after);
        assertThat(failed.stateSince()).isEqualTo(before == after ? REGISTERED : NOW);
        assertThat(failed.failure())
                .isEqualTo(new Failure(code, "no", failures == 0 ? NOW : REGISTERED, failures + 1));
    }

    @Test
    void a_failure_after_a_success_with_a_missing_mailbox_counts_from_one() {
        Account missing = account(AccountState.WATCHING, 1);
        Account failed =
                AccountStateMachine.failed(
                        missing,
                        new MailFailure(FailureCode.TIMEOUT, "late"),
                        true,
                        Duration.ZERO,
                        NOW);
        assertThat(failed.failure()).isEqualTo(new Failure(FailureCode.TIMEOUT, "late", NOW, 1));
    }

    @Test
    void a_success_leads_to_watching_and_keeps_what_is_wrong_nevertheless() {
        for (AccountState before : AccountState.values()) {
            Failure missing = new Failure(FailureCode.MAILBOX_MISSING, "no such", NOW, 1);
            Account after = AccountStateMachine.succeeded(account(before, 2), missing, NOW);
            assertThat(after.state()).isEqualTo(AccountState.WATCHING);
            assertThat(after.stateSince())
                    .isEqualTo(before == AccountState.WATCHING ? REGISTERED : NOW);
            assertThat(after.failure()).isEqualTo(missing);
        }
        assertThat(AccountStateMachine.succeeded(account(AccountState.PARKED, 9), null, NOW))
                .extracting(Account::failure)
                .isNull();
    }
}
