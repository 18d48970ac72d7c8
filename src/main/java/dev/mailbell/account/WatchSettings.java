package dev.mailbell.account;

import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * How an account wants to be watched; what is null falls back to the operator's configuration.
 *
 * @param push whether to use IDLE where the server offers it
 * @param interval between checks when polling, whole seconds
 * @param envelopes whether announcements carry the newest messages' senders and subjects
 */
public record WatchSettings(
        @Nullable Boolean push, @Nullable Duration interval, boolean envelopes) {}
