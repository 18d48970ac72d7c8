package dev.mailbell.account;

import dev.mailbell.mail.FailureCode;
import java.time.Instant;

/**
 * Why an account's last check failed.
 *
 * @param message for the account's owner, without secrets
 * @param since when the first of the failures in a row happened
 * @param attempts how many checks in a row have failed, 1 or more
 */
public record Failure(FailureCode code, String message, Instant since, int attempts) {}
