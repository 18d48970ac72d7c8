package dev.mailbell.api;

import dev.mailbell.account.LoginSecrets;
import dev.mailbell.api.account.AccountOperations;
import dev.mailbell.api.account.registration.ServerSearch;
import dev.mailbell.api.admin.ConfigRoutes;
import dev.mailbell.api.admin.DocsRoutes;
import dev.mailbell.api.admin.HealthRoutes;
import dev.mailbell.api.admin.MetricsRoutes;
import dev.mailbell.api.admin.NodeRoutes;
import dev.mailbell.api.admin.ReadinessReasons;
import dev.mailbell.api.admin.StatsRoutes;
import dev.mailbell.api.event.EventStreams;
import dev.mailbell.api.http.ApiServer;
import dev.mailbell.api.http.Idempotency;
import dev.mailbell.api.http.KnownKeys;
import dev.mailbell.api.http.PageAccess;
import dev.mailbell.api.http.RequestLimits;
import dev.mailbell.api.http.RequestMetrics;
import dev.mailbell.api.http.Routes;
import dev.mailbell.api.oauth.ConsentLinks;
import dev.mailbell.api.oauth.OAuthRoutes;
import dev.mailbell.api.oauth.PublicUrl;
import dev.mailbell.api.request.RequestPolicy;
import dev.mailbell.api.webhook.WebhookActions;
import dev.mailbell.api.webhook.WebhookOperations;
import dev.mailbell.client.ApiKeyStore;
import dev.mailbell.client.ClientStore;
import dev.mailbell.client.Erasure;
import dev.mailbell.client.KeyUses;
import dev.mailbell.config.HttpConfig;
import dev.mailbell.event.FeedNotifier;
import dev.mailbell.mail.auth.CodeExchange;
import dev.mailbell.network.address.AddressGuard;
import dev.mailbell.oauth.ConsentStore;
import dev.mailbell.oauth.OAuthApps;
import dev.mailbell.routing.ClusterStats;
import dev.mailbell.routing.ConfigurationReloads;
import dev.mailbell.routing.NodeServer;
import dev.mailbell.secret.Keyring;
import dev.mailbell.watch.Watch;
import io.micrometer.core.instrument.MeterRegistry;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jdbi.v3.core.Jdbi;
import org.jspecify.annotations.Nullable;

/** Builds the routes of the HTTP API, starts its servers and stops them. */
public final class Api implements AutoCloseable {
    private final ApiServer server;
    private final @Nullable ApiServer metrics;
    private final EventStreams streams;
    private final Idempotency idempotency;
    private final KeyUses uses;
    private final KnownKeys keys;
    private final Erasure erasure;

    /**
     * The addresses, key and version of the API.
     *
     * @param http where the API is served
     * @param metricsPort the port of a second server with the metrics and health checks, on the
     *     same host, in clear text; 0 serves them with the API
     * @param operatorKey not empty
     * @param version the program's version
     */
    public record Settings(HttpConfig http, int metricsPort, String operatorKey, String version) {
        /** Without the key. */
        @Override
        public String toString() {
            return "Settings[" + http + "]";
        }
    }

    /**
     * The parts that the routes call.
     *
     * @param codes trades the codes of consents
     * @param notifier wakes event streams; closed with the API
     * @param notReady the reasons why the daemon is not ready
     * @param reload has all nodes read their configurations again; throws {@link
     *     dev.mailbell.config.parsing.ConfigurationException} when the one of this node is refused
     * @param server answers the requests of other nodes
     * @param first whether this node does what one node does for all
     * @param meters the registry of the request metrics
     * @param scrape returns all metrics in Prometheus's text format
     */
    public record Parts(
            Jdbi jdbi,
            Keyring keyring,
            AddressGuard guard,
            OAuthApps apps,
            CodeExchange codes,
            Watch watch,
            WebhookOperations webhooks,
            FeedNotifier notifier,
            ServerSearch search,
            RequestPolicy policy,
            ReadinessReasons notReady,
            Supplier<ConfigurationReloads.Result> reload,
            NodeServer server,
            ClusterStats cluster,
            BooleanSupplier first,
            MeterRegistry meters,
            Supplier<String> scrape,
            InstantSource clock) {}

    /** What the pages for people share with the API besides its parts. */
    public record Shared(
            PageAccess access,
            ClientStore clients,
            ApiKeyStore keys,
            KnownKeys known,
            RequestLimits limits,
            EventStreams streams,
            WebhookActions webhooks,
            PublicUrl publicUrl,
            AccountOperations accounts) {}

    /** The pages for people, which are served beside the API. */
    public interface Pages {
        void addTo(Routes routes, Shared shared);
    }

    private Api(
            ApiServer server,
            @Nullable ApiServer metrics,
            EventStreams streams,
            Idempotency idempotency,
            Access access,
            Erasure erasure) {
        this.server = server;
        this.metrics = metrics;
        this.streams = streams;
        this.idempotency = idempotency;
        this.uses = access.uses();
        this.keys = access.known();
        this.erasure = erasure;
    }

    /** As {@link #start(Settings, Parts, Pages)}, without pages. */
    public static Api start(Settings settings, Parts parts) {
        return start(settings, parts, (routes, shared) -> {});
    }

    /** Binds the addresses and starts to serve. */
    public static Api start(Settings settings, Parts parts, Pages pages) {
        Idempotency idempotency = new Idempotency(parts.jdbi(), parts.keyring(), parts.clock());
        EventStreams streams = new EventStreams(parts.notifier());
        RequestMetrics requests = new RequestMetrics(parts.meters());
        Access access = Access.of(settings.operatorKey(), parts);
        HealthRoutes health = new HealthRoutes(settings.version(), parts.notReady());
        MetricsRoutes exposition = new MetricsRoutes(parts.scrape());
        AtomicInteger port = new AtomicInteger(settings.http().port());
        PublicUrl publicUrl = new PublicUrl(settings.http(), port::get);
        ConsentLinks links =
                new ConsentLinks(
                        parts.apps(), new ConsentStore(parts.jdbi()), publicUrl, parts.clock());
        List<Consumer<Routes>> resources = new ArrayList<>();
        ClientData data = ClientData.of(parts, access);
        WebhookActions webhooks = ResourceRoutes.webhookActions(parts);
        resources.addAll(access.routes(parts, idempotency, publicUrl));
        AccountOperations accounts = ResourceRoutes.operations(parts, access.limits(), data);
        resources.addAll(
                ResourceRoutes.ofAccounts(
                        parts, idempotency, access.limits(), data, accounts, links));
        resources.addAll(data.routes(parts, access));
        resources.add(
                new OAuthRoutes(
                                parts.jdbi(),
                                parts.apps(),
                                parts.codes(),
                                links,
                                new LoginSecrets(parts.keyring()),
                                parts.watch(),
                                parts.guard(),
                                idempotency,
                                parts.clock())
                        ::addTo);
        resources.addAll(ResourceRoutes.ofWebhooks(parts, idempotency, webhooks));
        resources.addAll(ResourceRoutes.ofEvents(parts, streams));
        resources.add(health::addTo);
        resources.add(new DocsRoutes()::addTo);
        resources.add(new ConfigRoutes(parts.reload())::addTo);
        resources.add(new StatsRoutes(parts.cluster())::addTo);
        resources.add(new NodeRoutes(parts.server(), access.limits())::addTo);
        Shared shared =
                new Shared(
                        access.pages(),
                        access.clients(),
                        access.keys(),
                        access.known(),
                        access.limits(),
                        streams,
                        webhooks,
                        publicUrl,
                        accounts);
        resources.add(routes -> pages.addTo(routes, shared));
        if (settings.metricsPort() == 0) {
            resources.add(exposition::addTo);
        }
        Watch watch = parts.watch();
        ApiServer.Bounds bounds = ApiServer.Bounds.besides(() -> watch.deadline().remaining());
        ApiServer server = null;
        try {
            server = new ApiServer(settings.http(), bounds, requests, resources);
            port.set(server.port());
            server.warnIfExposed();
            ApiServer metrics =
                    settings.metricsPort() == 0
                            ? null
                            : new ApiServer(
                                    new HttpConfig(settings.http().host(), settings.metricsPort()),
                                    bounds,
                                    requests,
                                    List.of(exposition::addTo, health::addTo));
            data.erasure().start();
            return new Api(server, metrics, streams, idempotency, access, data.erasure());
        } catch (RuntimeException e) {
            if (server != null) {
                server.close();
            }
            access.uses().close();
            throw e;
        }
    }

    /** The routes of the API's server with their scopes. */
    List<Routes.Declared> routes() {
        return server.routes();
    }

    /** Reads the files of the API's certificate again, if there are any. */
    public void readCertificateAgain() {
        server.readCertificateAgain();
    }

    /**
     * Keys or clients have changed, perhaps by another node: what is known of them is read anew.
     */
    public void keysChanged() {
        keys.changed();
    }

    /** The port that the API listens on. */
    public int port() {
        return server.port();
    }

    /**
     * Deletes the stored answers to {@code Idempotency-Key}s older than 24 hours; to be called
     * about every hour.
     *
     * @return the number of deleted answers
     */
    public int deleteExpiredAnswers() {
        return idempotency.deleteExpired();
    }

    /** Accepts no more requests and gives running ones 5 s to end. */
    @Override
    public void close() {
        streams.close();
        server.close();
        if (metrics != null) {
            metrics.close();
        }
        uses.close();
        erasure.close();
    }
}
