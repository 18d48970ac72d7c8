package dev.mailbell.api;

import dev.mailbell.account.AccountStore;
import dev.mailbell.account.LoginSecrets;
import dev.mailbell.account.MailboxStore;
import dev.mailbell.api.account.AccountChangeRoutes;
import dev.mailbell.api.account.AccountReader;
import dev.mailbell.api.account.AccountRegistration;
import dev.mailbell.api.account.AccountResources;
import dev.mailbell.api.account.AccountRoutes;
import dev.mailbell.api.account.BatchRoutes;
import dev.mailbell.api.account.CheckRoutes;
import dev.mailbell.api.account.ServerSearch;
import dev.mailbell.api.admin.ConfigRoutes;
import dev.mailbell.api.admin.DocsRoutes;
import dev.mailbell.api.admin.HealthRoutes;
import dev.mailbell.api.admin.MetricsRoutes;
import dev.mailbell.api.event.EventRoutes;
import dev.mailbell.api.event.EventStreamRoute;
import dev.mailbell.api.event.EventStreams;
import dev.mailbell.api.http.AccessFilter;
import dev.mailbell.api.http.ApiServer;
import dev.mailbell.api.http.Authenticator;
import dev.mailbell.api.http.Idempotency;
import dev.mailbell.api.http.RateLimit;
import dev.mailbell.api.http.RequestTimes;
import dev.mailbell.api.http.Routes;
import dev.mailbell.api.request.RequestPolicy;
import dev.mailbell.api.webhook.DeliveryRoutes;
import dev.mailbell.api.webhook.WebhookOperations;
import dev.mailbell.api.webhook.WebhookReader;
import dev.mailbell.api.webhook.WebhookRoutes;
import dev.mailbell.client.ClientStore;
import dev.mailbell.config.Reload;
import dev.mailbell.delivery.log.DeliveryLog;
import dev.mailbell.event.EventStore;
import dev.mailbell.event.FeedNotifier;
import dev.mailbell.network.address.AddressGuard;
import dev.mailbell.secret.Keyring;
import dev.mailbell.watch.Watch;
import dev.mailbell.webhook.WebhookStore;
import dev.mailbell.webhook.WebhookUrls;
import io.micrometer.core.instrument.MeterRegistry;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jdbi.v3.core.Jdbi;
import org.jspecify.annotations.Nullable;

/** The HTTP API, from start to stop. */
public final class Api implements AutoCloseable {
    private final ApiServer server;
    private final @Nullable ApiServer metrics;
    private final EventStreams streams;
    private final Idempotency idempotency;

    /**
     * Where and for whom to serve.
     *
     * @param port 0 for any that is free
     * @param metricsPort where the metrics are served, and health too, on the same host; 0 serves
     *     them on {@code port}
     * @param operatorKey not empty
     * @param version of the program
     */
    public record Settings(
            String host, int port, int metricsPort, String operatorKey, String version) {
        /** Without the key. */
        @Override
        public String toString() {
            return "Settings[" + host + ":" + port + "]";
        }
    }

    /**
     * What the routes speak to.
     *
     * @param bell rung for new events; closed with the API
     * @param notReady what is missing before the daemon can do its work, for a person; empty when
     *     everything is there; answers within a second
     * @param reload reads the configuration again; throws {@link
     *     dev.mailbell.config.ConfigurationException} when it is refused
     * @param meters where requests are counted
     * @param scrape all metrics in Prometheus's text format
     */
    public record Parts(
            Jdbi jdbi,
            Keyring keyring,
            AddressGuard guard,
            Watch watch,
            WebhookOperations webhooks,
            FeedNotifier bell,
            ServerSearch search,
            RequestPolicy policy,
            Supplier<List<String>> notReady,
            Supplier<Reload> reload,
            MeterRegistry meters,
            Supplier<String> scrape,
            InstantSource clock) {}

    private Api(
            ApiServer server,
            @Nullable ApiServer metrics,
            EventStreams streams,
            Idempotency idempotency) {
        this.server = server;
        this.metrics = metrics;
        this.streams = streams;
        this.idempotency = idempotency;
    }

    /** Binds the address and serves. */
    public static Api start(Settings settings, Parts parts) {
        Jdbi jdbi = parts.jdbi();
        RequestPolicy policy = parts.policy();
        AccountStore store = new AccountStore(jdbi);
        LoginSecrets secrets = new LoginSecrets(parts.keyring());
        Idempotency idempotency = new Idempotency(jdbi, parts.keyring(), parts.clock());
        AccountReader reader = new AccountReader(policy);
        AccountRegistration registrar =
                new AccountRegistration(parts.guard(), parts.search(), secrets, parts.clock());
        AccountResources accounts = new AccountResources(jdbi, store, parts.watch(), policy);
        AccessFilter gate =
                new AccessFilter(
                        new Authenticator(settings.operatorKey(), new ClientStore(jdbi)),
                        new RateLimit(policy::requestsPerSecond, System::nanoTime));
        EventStore events = new EventStore(jdbi);
        EventStreams streams = new EventStreams(parts.bell());
        RequestTimes times = new RequestTimes(parts.meters());
        HealthRoutes health = new HealthRoutes(settings.version(), parts.notReady());
        List<Consumer<Routes>> resources =
                new ArrayList<>(
                        List.of(
                                gate::addTo,
                                new BatchRoutes(
                                                accounts,
                                                reader,
                                                registrar,
                                                idempotency,
                                                parts.watch())
                                        ::addTo,
                                new CheckRoutes(
                                                accounts,
                                                reader,
                                                registrar,
                                                new MailboxStore(jdbi),
                                                parts.watch())
                                        ::addTo,
                                new AccountRoutes(
                                                accounts,
                                                store,
                                                reader,
                                                registrar,
                                                idempotency,
                                                parts.watch(),
                                                parts.webhooks())
                                        ::addTo,
                                new AccountChangeRoutes(
                                                accounts,
                                                store,
                                                reader,
                                                registrar,
                                                secrets,
                                                parts.watch())
                                        ::addTo,
                                new WebhookRoutes(
                                                new WebhookStore(jdbi),
                                                new WebhookReader(
                                                        new WebhookUrls(
                                                                parts.guard(),
                                                                policy::webhookPorts),
                                                        store),
                                                parts.webhooks(),
                                                parts.keyring(),
                                                idempotency,
                                                parts.clock())
                                        ::addTo,
                                new DeliveryRoutes(
                                                new WebhookStore(jdbi),
                                                new DeliveryLog(jdbi, parts.webhooks()::now),
                                                parts.webhooks())
                                        ::addTo,
                                new EventRoutes(events)::addTo,
                                new EventStreamRoute(events, streams)::addTo,
                                health::addTo,
                                new DocsRoutes()::addTo,
                                new ConfigRoutes(parts.reload())::addTo));
        MetricsRoutes exposition = new MetricsRoutes(parts.scrape());
        if (settings.metricsPort() == 0) {
            resources.add(exposition::addTo);
        }
        ApiServer server = new ApiServer(settings.host(), settings.port(), times, resources);
        try {
            ApiServer metrics =
                    settings.metricsPort() == 0
                            ? null
                            : new ApiServer(
                                    settings.host(),
                                    settings.metricsPort(),
                                    times,
                                    List.of(exposition::addTo, health::addTo));
            return new Api(server, metrics, streams, idempotency);
        } catch (RuntimeException e) {
            server.close();
            throw e;
        }
    }

    /** The port that is listened on. */
    public int port() {
        return server.port();
    }

    /**
     * Forgets the answers to {@code Idempotency-Key}s that are older than 24 hours; for the one who
     * cleans up, every hour or so.
     *
     * @return how many there were
     */
    public int forgetOldAnswers() {
        return idempotency.forgetOld();
    }

    /** Takes no more requests, and lets those under way end within 5 s. */
    @Override
    public void close() {
        streams.close();
        server.close();
        if (metrics != null) {
            metrics.close();
        }
    }
}
