package dev.mailbell.mail.auth;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.mailbell.mail.FailureCode;
import dev.mailbell.mail.MailFailure;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.SequencedMap;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class LoginMethodsTest {
    private final LoginMethods methods = new LoginMethods();
    private final List<String> tried = new ArrayList<>();

    private Supplier<String> works(String name) {
        return () -> {
            tried.add(name);
            return name;
        };
    }

    private Supplier<String> refused(String name, FailureCode code) {
        return () -> {
            tried.add(name);
            throw new MailFailure(code, name + " was refused");
        };
    }

    private SequencedMap<String, Supplier<String>> of(Object... namesAndMethods) {
        SequencedMap<String, Supplier<String>> all = new LinkedHashMap<>();
        for (int i = 0; i < namesAndMethods.length; i += 2) {
            @SuppressWarnings("unchecked")
            Supplier<String> way = (Supplier<String>) namesAndMethods[i + 1];
            all.put((String) namesAndMethods[i], way);
        }
        return all;
    }

    @Test
    void a_method_that_a_host_refuses_while_another_works_is_skipped_there() {
        SequencedMap<String, Supplier<String>> both =
                of("a", refused("a", FailureCode.AUTH_FAILED), "b", works("b"));

        assertThat(methods.first("host", both)).isEqualTo("b");
        assertThat(methods.first("host", both)).isEqualTo("b");
        assertThat(methods.first("other", both)).isEqualTo("b");

        assertThat(tried).containsExactly("a", "b", "b", "a", "b");
    }

    @Test
    void a_wrong_password_costs_three_attempts_at_most_and_teaches_nothing() {
        SequencedMap<String, Supplier<String>> all =
                of(
                        "a", refused("a", FailureCode.AUTH_FAILED),
                        "b", refused("b", FailureCode.AUTH_FAILED),
                        "c", refused("c", FailureCode.AUTH_FAILED),
                        "d", works("d"));

        for (int i = 0; i < 2; i++) {
            assertThatThrownBy(() -> methods.first("host", all)).hasMessage("a was refused");
        }

        assertThat(tried).containsExactly("a", "b", "c", "a", "b", "c");
    }

    @Test
    void a_failure_that_is_no_refusal_of_the_login_ends_it() {
        SequencedMap<String, Supplier<String>> both =
                of("a", refused("a", FailureCode.RATE_LIMITED), "b", works("b"));

        assertThatThrownBy(() -> methods.first("host", both)).hasMessage("a was refused");

        assertThat(tried).containsExactly("a");
    }

    /** The password was right: GNU mailutils offers CRAM-MD5 without having secrets for it. */
    @ParameterizedTest
    @EnumSource(
            value = FailureCode.class,
            names = {"MAILBOX_LOCKED", "TOO_MANY_CONNECTIONS", "RATE_LIMITED"})
    void a_locked_mailbox_or_a_limit_after_a_refusal_is_no_wrong_password(FailureCode code) {
        SequencedMap<String, Supplier<String>> both =
                of("a", refused("a", FailureCode.AUTH_FAILED), "b", refused("b", code));

        assertThatThrownBy(() -> methods.first("host", both)).hasMessage("b was refused");
    }

    @ParameterizedTest
    @EnumSource(
            value = FailureCode.class,
            names = {"CONNECT_FAILED", "TIMEOUT", "PROTOCOL_ERROR", "SERVER_ERROR"})
    void a_session_that_ends_after_a_refusal_leaves_the_refusal(FailureCode code) {
        SequencedMap<String, Supplier<String>> both =
                of("a", refused("a", FailureCode.AUTH_FAILED), "b", refused("b", code));

        assertThatThrownBy(() -> methods.first("host", both)).hasMessage("a was refused");
    }
}
