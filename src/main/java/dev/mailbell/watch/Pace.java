package dev.mailbell.watch;

import dev.mailbell.account.Account;
import dev.mailbell.config.Configuration;
import dev.mailbell.config.PollingConfig;
import dev.mailbell.config.ProviderProfile;
import dev.mailbell.mail.Protocol;
import dev.mailbell.network.Host;
import java.time.Duration;
import java.util.Optional;
import java.util.function.Supplier;

/**
 * How often to look, as configured now: an account's own interval, else its provider's, else its
 * protocol's.
 */
public final class Pace {
    private final Supplier<Configuration> configuration;

    public Pace(Supplier<Configuration> configuration) {
        this.configuration = configuration;
    }

    /** The interval between an account's looks, before jitter. */
    Duration interval(Account account) {
        Duration own = account.watch().interval();
        Protocol protocol = account.mail().protocol();
        return own == null
                ? interval(protocol, account.mail().host())
                : intervals(protocol).bounded(own);
    }

    /** The interval of accounts on a mail host that name none of their own. */
    public Duration interval(Protocol protocol, String host) {
        Optional<ProviderProfile> provider = configuration.get().provider(Host.of(host));
        return provider.flatMap(profile ->
                        Optional.ofNullable(
                                protocol == Protocol.IMAP
                                        ? profile.imapInterval()
                                        : profile.pop3Interval()))
                .orElse(intervals(protocol).interval());
    }

    /** The bounds of the intervals that accounts may name. */
    public PollingConfig.Intervals intervals(Protocol protocol) {
        PollingConfig polling = configuration.get().polling();
        return protocol == Protocol.IMAP ? polling.imap() : polling.pop3();
    }

    /** By which share of itself an interval is made shorter or longer, 0 to 0.9. */
    double jitter() {
        return configuration.get().polling().jitter();
    }

    /** The deadline of a whole look. */
    Duration timeout() {
        return configuration.get().polling().timeout();
    }
}
