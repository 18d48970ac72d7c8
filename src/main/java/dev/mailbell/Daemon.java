package dev.mailbell;

import dev.mailbell.account.LoginSecrets;
import dev.mailbell.api.Api;
import dev.mailbell.api.http.connector.ListenException;
import dev.mailbell.cluster.Membership;
import dev.mailbell.cluster.Node;
import dev.mailbell.config.Configuration;
import dev.mailbell.config.HttpConfig;
import dev.mailbell.config.reload.LiveConfiguration;
import dev.mailbell.config.reload.Reload;
import dev.mailbell.database.DailyPartitions;
import dev.mailbell.database.Database;
import dev.mailbell.database.DatabaseClock;
import dev.mailbell.delivery.Deliveries;
import dev.mailbell.embedded.ConfiguredDatabase;
import dev.mailbell.event.EventStore;
import dev.mailbell.event.FeedNotifier;
import dev.mailbell.event.Ids;
import dev.mailbell.health.HealthService;
import dev.mailbell.mail.auth.AccessTokens;
import dev.mailbell.mail.auth.CodeExchange;
import dev.mailbell.mail.discovery.Discovery;
import dev.mailbell.mail.smtp.SmtpClient;
import dev.mailbell.network.SteadyClock;
import dev.mailbell.oauth.OAuthAppStore;
import dev.mailbell.oauth.OAuthApps;
import dev.mailbell.routing.Routing;
import dev.mailbell.secret.Keyring;
import dev.mailbell.status.MeterSums;
import dev.mailbell.status.NodeSampler;
import dev.mailbell.ui.Ui;
import dev.mailbell.watch.WatchService;
import dev.mailbell.watch.schedule.PollingPolicy;
import dev.mailbell.webhook.WebhookUrls;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import java.net.URI;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.random.RandomGenerator;
import org.jdbi.v3.core.Jdbi;

/**
 * The composition root: builds every part from the bottom up, starts them, and stops them in the
 * opposite order. The database comes first, because every other part stands on it. The API binds
 * its port before the first check, so that a port in use is reported before any mail server is
 * contacted. Then the node joins the others, and begins the work of the shards that it gets. At the
 * stop it releases its shards first, so that other nodes go on with them; then requests end, then
 * checks, then deliveries, then the database.
 */
public final class Daemon implements AutoCloseable {
    /**
     * How long the work of shards that move may take to end. Their accounts are not checked
     * meanwhile, so a POST that hangs longer is cut: the next node makes it again with the same id.
     */
    private static final Duration RELEASE_LIMIT = Duration.ofSeconds(3);

    private final StopSequence stops = new StopSequence();
    private final String host;
    private final String scheme;
    private int port;

    private Daemon(HttpConfig http) {
        this.host = http.host();
        this.scheme = http.tls() == null ? "http://" : "https://";
    }

    /** As {@link #start(LiveConfiguration, String)}, with a configuration that never changes. */
    public static Daemon start(Configuration configuration, String operatorKey) {
        return start(LiveConfiguration.fixed(configuration), operatorKey);
    }

    /**
     * Builds and starts every part; returns when the API answers and checks have begun.
     *
     * @param operatorKey the API key of the operator
     * @throws RuntimeException when a part cannot start; the message says what to do, and the parts
     *     that had started are stopped
     */
    public static Daemon start(LiveConfiguration configuration, String operatorKey) {
        LogLimit.install();
        Daemon daemon = new Daemon(configuration.get().http());
        boolean started = false;
        try {
            daemon.build(configuration, operatorKey);
            started = true;
            return daemon;
        } finally {
            if (!started) {
                daemon.close();
            }
        }
    }

    private void build(LiveConfiguration live, String operatorKey) {
        Configuration configuration = live.get();
        ListenException.requireFree(host, configuration.http().port(), "http.port");
        ListenException.requireFree(
                "127.0.0.1", configuration.http().loopbackPort(), "http.loopbackPort");
        ListenException.requireFree(host, configuration.metricsPort(), "metrics.port");
        Metrics metrics = new Metrics(Version.current());
        stops.push(metrics::close);
        MeterRegistry meters = metrics.registry();
        Gauge.builder("config.refused", () -> live.isRefused() ? 1 : 0)
                .description("1 while the configuration's file has faults and is not in effect")
                .register(meters);

        Database database =
                ConfiguredDatabase.open(configuration.database(), configuration.dataDir());
        stops.push(database::close);
        database.measure(meters);
        // What other nodes read is timed by the one clock that all nodes share.
        DatabaseClock clock = DatabaseClock.of(database, InstantSource.system());
        Ids.use(clock);
        database.migrate();
        Jdbi jdbi = database.jdbi();
        DaemonKeys keys = DaemonKeys.open(configuration.keyset(), jdbi);
        Keyring keyring = keys.keyring();
        Membership membership =
                new Membership(
                        database,
                        Node.current(
                                configuration.cluster().nodeName(),
                                null,
                                Version.current(),
                                configuration.database().embedded()),
                        new Membership.Settings(live::fingerprint, () -> RELEASE_LIMIT),
                        clock,
                        meters);
        stops.push(membership::close);
        LiveSettings settings = new LiveSettings(live, membership::nodes);
        new EventStore(jdbi).adoptRestored();
        Ids.startAfterLogs(jdbi);
        DailyPartitions partitions = new DailyPartitions(jdbi, clock);
        // Before the first write: another node may be the one that runs the housekeeping.
        partitions.makeAheadAtStart();

        OutboundConnections outbound =
                OutboundConnections.open(
                        configuration.network(), settings::webhookPorts, clock, stops);
        OAuthApps apps = new OAuthApps(new OAuthAppStore(jdbi), keyring);
        FeedNotifier notifier = new FeedNotifier(jdbi);
        Deliveries deliveries =
                new Deliveries(
                        database,
                        outbound.webhooks(),
                        keyring,
                        settings,
                        membership,
                        meters,
                        new SteadyClock(clock, System::nanoTime));
        deliveries.outbox().onCommit(notifier::committed);
        WatchService watch =
                new WatchService(
                        new WatchService.Parts(
                                jdbi,
                                configuration.database().pool() / 2,
                                membership,
                                outbound.mailServers(),
                                new LoginSecrets(keyring),
                                apps,
                                grants ->
                                        new AccessTokens(
                                                outbound.http(),
                                                grants,
                                                clock,
                                                RandomGenerator.getDefault()),
                                deliveries.outbox(),
                                new PollingPolicy(live, membership::nodes),
                                meters,
                                clock,
                                System::nanoTime));
        NodeSampler sampler =
                new NodeSampler(
                        new NodeSampler.Parts(
                                new MeterSums(meters),
                                watch.status()::hosts,
                                watch.status()::modes,
                                watch.status()::modes,
                                watch.status()::oldestDue,
                                live::isRefused,
                                clock,
                                System::nanoTime));
        stops.push(sampler::close);
        HealthService health =
                new HealthService(
                        live,
                        new HealthService.Parts(
                                jdbi,
                                keyring,
                                new WebhookUrls(outbound.guard(), settings::webhookPorts),
                                deliveries,
                                membership,
                                new SmtpClient(outbound.mailConnector(), clock),
                                meters,
                                clock));
        Routing routing =
                new Routing(
                        new Routing.Parts(
                                jdbi,
                                database::ownConnection,
                                membership,
                                membership,
                                keyring,
                                clock,
                                watch.watch(),
                                deliveries,
                                apps,
                                () -> live.reload(Reload.Trigger.REQUEST),
                                live::fingerprint,
                                membership::counts,
                                health::canary,
                                sampler,
                                meters));
        stops.push(routing::close);
        Readiness readiness =
                new Readiness(
                        List.of(
                                () -> Readiness.missing(database),
                                membership::trouble,
                                watch.status()::trouble,
                                health::trouble),
                        List.of(health::warnings));
        stops.push(
                InstallationMeters.start(meters, database, configuration.dataDir(), readiness)
                        ::close);
        Api.Parts parts =
                new Api.Parts(
                        jdbi,
                        keyring,
                        outbound.guard(),
                        apps,
                        new CodeExchange(outbound.http(), clock),
                        routing.watch(),
                        new DeliveryOperations(deliveries),
                        notifier,
                        new TimedSearch(new Discovery(outbound.http())),
                        settings,
                        readiness,
                        routing.reloads()::everywhere,
                        routing.server(),
                        routing.stats(),
                        () -> membership.mayBegin(0),
                        meters,
                        metrics::scrape,
                        clock);
        Ui ui = new Ui(new Ui.Parts(parts, routing.status(), live, Version.current()));
        Api api =
                Api.start(
                        new Api.Settings(
                                configuration.http(),
                                configuration.metricsPort(),
                                operatorKey,
                                Version.current()),
                        parts,
                        ui);
        port = api.port();
        live.onRequest(api::readCertificateAgain);

        routing.start(api::keysChanged);
        deliveries.start();
        stops.push(deliveries::stop);
        health.start();
        stops.push(health::close);
        watch.start();
        stops.push(watch::stop);
        sampler.start();
        live.onChange(changed -> watch.reconfigured());
        Housekeeping housekeeping =
                Housekeeping.start(
                        database.dataSource(),
                        Housekeeping.chores(
                                partitions, configuration.retention(), jdbi, clock, api),
                        clock);
        stops.push(housekeeping::close);
        // Once in the cluster: by the node that owns the first shard.
        stops.push(keys.start(() -> membership.mayBegin(0), meters, clock)::run);
        stops.push(api::close);
        // As late as possible: the other nodes release shards for this one from now on.
        // In the order in which the work of a shard ends.
        membership.add(deliveries);
        membership.add(watch);
        membership.join(NodeAddress.of(configuration, port));
        membership.start();
        // Pushed last, so that other nodes go on while requests are still answered.
        stops.push(membership::leave);
    }

    /** The address of the API. */
    public URI uri() {
        return URI.create(scheme + (host.equals("0.0.0.0") ? "127.0.0.1" : host) + ":" + port);
    }

    /** Stops every part in order; a part that fails to stop does not keep the others running. */
    @Override
    public void close() {
        stops.close();
    }
}
