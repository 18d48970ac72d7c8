package dev.mailbell.watch;

import dev.mailbell.account.Account;
import java.time.Duration;

/** How often to look, as configured now; every call sees the newest configuration. */
interface Pace {

    /**
     * The interval between an account's looks, before jitter: its own, its provider's or its
     * protocol's, in bounds.
     */
    Duration interval(Account account);

    /** By which share of itself an interval is made shorter or longer, 0 to 1. */
    double jitter();

    /** The deadline of a whole look. */
    Duration timeout();
}
