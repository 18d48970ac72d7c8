package dev.mailbell.watch.schedule;

import dev.mailbell.account.Account;
import dev.mailbell.account.MailSettings;
import dev.mailbell.config.Configuration;
import dev.mailbell.config.PollingConfig;
import dev.mailbell.config.ProviderProfile;
import dev.mailbell.mail.Protocol;
import dev.mailbell.network.Deadline;
import dev.mailbell.network.Host;
import dev.mailbell.network.socket.Egress;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Function;
import java.util.function.IntSupplier;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * How, how often and with how many connections to check, as configured now: the account's own
 * setting, else its provider's profile, else the setting of its protocol.
 */
public final class PollingPolicy {
    /** The factor of the longest adaptive interval, for mailboxes without mail. */
    private static final int SLOWEST = 4;

    private static final Duration FOR_RECORDING = Duration.ofSeconds(2);

    private static final int HOSTS_REMEMBERED = 10_000;

    private final Supplier<Configuration> configuration;
    private final IntSupplier nodes;
    private volatile Profiles profiles;

    /** Of a node that is alone. */
    public PollingPolicy(Supplier<Configuration> configuration) {
        this(configuration, () -> 1);
    }

    /**
     * @param nodes how many nodes share the limits of mail hosts now
     */
    public PollingPolicy(Supplier<Configuration> configuration, IntSupplier nodes) {
        this.configuration = configuration;
        this.nodes = nodes;
        this.profiles = new Profiles(configuration.get(), new ConcurrentHashMap<>());
    }

    /** Which profile fits which host, remembered as long as the configuration is the same. */
    private record Profiles(
            Configuration configuration, Map<String, Optional<ProviderProfile>> byHost) {}

    private Optional<ProviderProfile> provider(String host) {
        Profiles known = profiles;
        Configuration now = configuration.get();
        if (known.configuration != now || known.byHost.size() > HOSTS_REMEMBERED) {
            known = new Profiles(now, new ConcurrentHashMap<>());
            profiles = known;
        }
        return known.byHost.computeIfAbsent(host, name -> now.provider(Host.of(name)));
    }

    private <T> T of(String host, Function<ProviderProfile, @Nullable T> setting, T otherwise) {
        return provider(host)
                .flatMap(profile -> Optional.ofNullable(setting.apply(profile)))
                .orElse(otherwise);
    }

    /** The interval between an account's checks, before jitter and adaptation. */
    public Duration interval(Account account) {
        Duration own = account.watch().interval();
        Protocol protocol = account.mail().protocol();
        return own == null
                ? interval(protocol, account.mail().host())
                : intervals(protocol).bounded(own);
    }

    /** The interval of accounts on a mail host without a setting of their own. */
    public Duration interval(Protocol protocol, String host) {
        return protocol == Protocol.IMAP
                ? of(host, ProviderProfile::imapInterval, intervals(protocol).interval())
                : of(host, ProviderProfile::pop3Interval, intervals(protocol).interval());
    }

    /**
     * The interval of an account after a check; adaptive ones follow how much mail comes, within
     * the protocol's bounds, unless the account names its own.
     *
     * @param tempo 1 for the usual interval, less for a busy mailbox, up to 4 for a silent one
     */
    public Duration interval(Account account, double tempo) {
        Duration usual = interval(account);
        if (!configuration.get().polling().adaptive() || account.watch().interval() != null) {
            return usual;
        }
        Duration adapted = Duration.ofNanos((long) (usual.toNanos() * tempo));
        return intervals(account.mail().protocol()).bounded(adapted);
    }

    /** The tempo after a check: mail halves the interval, silence lengthens it by 10 %. */
    static double tempo(double before, boolean mail) {
        return mail
                ? Math.max(1.0 / 1024, Math.min(1, before) / 2)
                : Math.min(SLOWEST, before * 1.1);
    }

    /** The bounds of the intervals that accounts may name. */
    public PollingConfig.Intervals intervals(Protocol protocol) {
        PollingConfig polling = configuration.get().polling();
        return protocol == Protocol.IMAP ? polling.imap() : polling.pop3();
    }

    /** Whether an account's session waits for push. */
    public boolean push(Account account) {
        Boolean own = account.watch().push();
        return account.mail().protocol() == Protocol.IMAP
                && (own == null ? push(Protocol.IMAP, account.mail().host()) : own);
    }

    /** The same for accounts on a mail host without a setting of their own. */
    public boolean push(Protocol protocol, String host) {
        boolean everywhere = configuration.get().polling().push();
        return protocol == Protocol.IMAP
                && everywhere
                && of(host, ProviderProfile::idle, Boolean.TRUE);
    }

    /** The longest that a server is trusted to push new mail without a check. */
    public Duration safetyInterval(String host) {
        return of(
                host,
                ProviderProfile::safetyInterval,
                configuration.get().polling().safetyInterval());
    }

    /**
     * Connections at once from this node to a mail host, its part of those that are configured, 1
     * or more; {@link Integer#MAX_VALUE} for no limit.
     */
    public int connections(String host) {
        int all = of(host, ProviderProfile::connections, Integer.MAX_VALUE);
        return all == Integer.MAX_VALUE ? all : share(all);
    }

    private int share(int all) {
        return Math.max(1, all / Math.max(1, nodes.getAsInt()));
    }

    /** Whether a connection may be kept from check to check. */
    public boolean keepsConnections(String host) {
        return of(host, ProviderProfile::keepConnections, Boolean.TRUE);
    }

    /** Logins of this node at a mail host, its part of those that are configured, 1 or more. */
    public int loginsPerSecond(String host) {
        return share(
                of(
                        host,
                        ProviderProfile::loginsPerSecond,
                        configuration.get().polling().loginsPerSecond()));
    }

    /** Whether to send ID before the login; null where it is offered. */
    public @Nullable Boolean identify(String host) {
        return provider(host).map(ProviderProfile::sendId).orElse(null);
    }

    /** Whether a host may get a password in clear text after it refused a better mechanism. */
    public boolean plainFallback(String host) {
        return of(host, ProviderProfile::plainFallback, Boolean.FALSE);
    }

    /** The name of the egress of an account's connections: its own, else its provider's. */
    public Optional<String> egress(MailSettings mail) {
        String own = mail.egress();
        return own != null ? Optional.of(own) : provider(mail.host()).map(ProviderProfile::egress);
    }

    /** The egress of this name, as configured now. */
    public Optional<Egress> egressNamed(String name) {
        return Optional.ofNullable(configuration.get().network().egress().get(name));
    }

    /** By which share of itself an interval is made shorter or longer, 0 to 0.9. */
    public double jitter() {
        return configuration.get().polling().jitter();
    }

    /**
     * The part of a request's time by which the mail server must have answered. The rest, a fifth
     * of {@code polling.timeout} and at most 2 s, is for recording and for the answer.
     */
    public Deadline serverPart(Deadline whole) {
        Duration fifth = timeout().dividedBy(5);
        return whole.before(fifth.compareTo(FOR_RECORDING) < 0 ? fifth : FOR_RECORDING);
    }

    /** The longest time of a whole check. */
    public Duration timeout() {
        return configuration.get().polling().timeout();
    }

    /** Checks at once on this node, 1 or more. */
    public int concurrency() {
        return configuration.get().polling().concurrency();
    }
}
