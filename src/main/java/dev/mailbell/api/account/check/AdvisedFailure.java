package dev.mailbell.api.account.check;

import dev.mailbell.mail.FailureAdvice;
import dev.mailbell.mail.FailureCode;
import org.jspecify.annotations.Nullable;

/**
 * A failure of a check with what to do.
 *
 * @param message null where the words of the mail server are no longer kept
 */
record AdvisedFailure(String code, @Nullable String message, String advice) {
    static @Nullable AdvisedFailure of(@Nullable FailureCode code, @Nullable String message) {
        return code == null
                ? null
                : new AdvisedFailure(code.wireName(), message, FailureAdvice.of(code));
    }
}
