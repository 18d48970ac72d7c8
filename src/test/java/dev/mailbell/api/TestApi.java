package dev.mailbell.api;

import dev.mailbell.Ports;
import dev.mailbell.account.Account;
import dev.mailbell.account.AccountStore;
import dev.mailbell.account.LoginSecrets;
import dev.mailbell.account.MailboxStore;
import dev.mailbell.api.account.registration.ServerSearch;
import dev.mailbell.api.admin.ReadinessReasons;
import dev.mailbell.api.request.Json;
import dev.mailbell.api.request.RequestPolicy;
import dev.mailbell.api.webhook.WebhookOperations;
import dev.mailbell.cluster.NodeCounts;
import dev.mailbell.cluster.TestMembers;
import dev.mailbell.cluster.TestOwnership;
import dev.mailbell.config.HttpConfig;
import dev.mailbell.config.reload.Reload;
import dev.mailbell.database.Database;
import dev.mailbell.database.TestDatabase;
import dev.mailbell.delivery.log.Attempt;
import dev.mailbell.event.CanaryStatus;
import dev.mailbell.event.FeedNotifier;
import dev.mailbell.event.FeedView;
import dev.mailbell.fairness.ActingClient;
import dev.mailbell.mail.Protocol;
import dev.mailbell.mail.Security;
import dev.mailbell.mail.auth.CodeExchange;
import dev.mailbell.mail.discovery.Candidate;
import dev.mailbell.mail.discovery.Candidates;
import dev.mailbell.mail.discovery.Discovered;
import dev.mailbell.network.Watchdog;
import dev.mailbell.network.address.AddressGuard;
import dev.mailbell.network.http.GuardedHttp;
import dev.mailbell.network.tls.TlsContexts;
import dev.mailbell.oauth.OAuthAppStore;
import dev.mailbell.oauth.OAuthApps;
import dev.mailbell.routing.ClusterStats;
import dev.mailbell.routing.ConfigurationReloads;
import dev.mailbell.routing.NodeServer;
import dev.mailbell.routing.RoutedWatch;
import dev.mailbell.routing.StoredLogins;
import dev.mailbell.routing.node.Nodes;
import dev.mailbell.secret.Keyring;
import dev.mailbell.status.TestStatus;
import dev.mailbell.webhook.Webhook;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.URI;
import java.net.UnknownHostException;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/**
 * The API over real HTTP and a real database, with a watch that has no mail servers. Public names
 * lead to a public address, {@code *.internal.example} to a private one.
 */
public final class TestApi implements AutoCloseable {
    public static final String KEY = "mbk_operator";

    public final Database database;
    public final FakeWatch watch = new FakeWatch();
    public final Rules rules = new Rules();
    public final List<UUID> changedWebhooks = Collections.synchronizedList(new ArrayList<>());
    public final List<String> notReady = Collections.synchronizedList(new ArrayList<>());
    public final List<String> warnings = Collections.synchronizedList(new ArrayList<>());
    public final SettableClock clock = new SettableClock();
    public final TestMembers members;
    public final TestOwnership ownership = new TestOwnership();

    /** Null where none is configured. */
    public volatile @Nullable CanaryStatus canary;

    /** A fingerprint of this node's configuration. */
    public volatile String configuration = "0123456789ab";

    public final Keyring keyring;
    public FeedNotifier notifier;
    public final PrometheusMeterRegistry meters =
            new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);

    /** The clients for which servers were searched. */
    public final Set<UUID> searchedFor = ConcurrentHashMap.newKeySet();

    public volatile Supplier<Reload> reload = () -> new Reload(List.of(), List.of());

    /** Whether the rest of removed accounts and clients is deleted in the background. */
    public volatile boolean erases = true;

    private final Path directory;
    private final MakesPages pages;

    /** Whether the database and the directory are this one's to close. */
    private final boolean first;

    private final AddressGuard guard;
    private final Watchdog watchdog = new Watchdog();
    private final GuardedHttp http;
    public final Nodes nodes;
    private Api api;

    /** Makes the pages for people that are served beside the API. */
    public interface MakesPages {
        Api.Pages of(TestApi api, Api.Parts parts);
    }

    /** The limits and defaults that an operator configures. */
    public static final class Rules implements RequestPolicy {
        public volatile double requestsPerSecond = 10_000;
        public volatile double requestsPerSecondPerClient = 10_000;
        public volatile double verifiesPerMinute = 10_000;
        public volatile double checksPerMinute = 10_000;
        public volatile double registrationsPerMinute = 100_000;
        public volatile long accountsPerClient = 100_000;
        public volatile int nodes = 1;
        public volatile long webhooksPerClient = 10_000;

        @Override
        public boolean push(Protocol protocol, String host) {
            return protocol == Protocol.IMAP;
        }

        @Override
        public Duration interval(Protocol protocol, String host) {
            return Duration.ofMinutes(protocol == Protocol.IMAP ? 2 : 5);
        }

        @Override
        public Duration minInterval(Protocol protocol) {
            return Duration.ofSeconds(protocol == Protocol.IMAP ? 30 : 60);
        }

        @Override
        public Duration maxInterval(Protocol protocol) {
            return Duration.ofHours(24);
        }

        @Override
        public Set<Integer> webhookPorts() {
            return Set.of(443, 8443, 80);
        }

        @Override
        public boolean isWayOut(String name) {
            return name.equals("tokyo");
        }

        @Override
        public double requestsPerSecond() {
            return requestsPerSecond;
        }

        @Override
        public double requestsPerSecondPerClient() {
            return requestsPerSecondPerClient;
        }

        @Override
        public double verifiesPerMinute() {
            return verifiesPerMinute;
        }

        @Override
        public double checksPerMinute() {
            return checksPerMinute;
        }

        @Override
        public double registrationsPerMinute() {
            return registrationsPerMinute;
        }

        @Override
        public int nodes() {
            return nodes;
        }

        @Override
        public long accountsPerClient() {
            return accountsPerClient;
        }

        @Override
        public long webhooksPerClient() {
            return webhooksPerClient;
        }
    }

    /** The wall clock plus a settable offset. */
    public static final class SettableClock implements InstantSource {
        public volatile Duration ahead = Duration.ZERO;

        @Override
        public Instant instant() {
            return Instant.now().plus(ahead);
        }
    }

    public TestApi() {
        this(TestDatabase.create());
    }

    /** Over the test's own database, which is closed with the API. */
    public TestApi(Database database) {
        this(
                database,
                temporaryDirectory(),
                true,
                new TestMembers(),
                (api, parts) -> (routes, shared) -> {});
    }

    /** With pages for people. */
    public TestApi(Database database, MakesPages pages) {
        this(database, temporaryDirectory(), true, new TestMembers(), pages);
    }

    /**
     * A second node of the cluster of another one: with the same database and keyset, and a watch
     * of its own. Both know each other's address, and the first owns all shards.
     */
    public TestApi(TestApi first) {
        this(
                first.database,
                first.directory,
                false,
                new TestMembers(UUID.randomUUID()),
                first.pages);
        URI address = URI.create("http://127.0.0.1:" + port());
        URI firstAddress = URI.create("http://127.0.0.1:" + first.port());
        for (TestMembers each : List.of(members, first.members)) {
            each.put(members.self(), "b", address);
            each.put(first.members.self(), "a", firstAddress);
        }
        giveAllTo(first.members.self());
    }

    private static Path temporaryDirectory() {
        try {
            return Files.createTempDirectory("mailbell-api");
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private TestApi(
            Database database,
            Path directory,
            boolean first,
            TestMembers members,
            MakesPages pages) {
        this.pages = pages;
        this.database = database;
        this.directory = directory;
        this.first = first;
        this.members = members;
        keyring = Keyring.open(directory.resolve("keyset.json"));
        guard =
                new AddressGuard(
                        List.of("127.0.0.0/8"),
                        List.of("localhost", "127.0.0.1"),
                        TestApi::resolve);
        http = new GuardedHttp(guard, new TlsContexts(watchdog), null);
        nodes = new Nodes(members, keyring, clock, meters);
        notifier = new FeedNotifier(database.jdbi());
        // One that stays free while the API is stopped.
        api = start(Ports.free());
    }

    /** Ends the API and starts it again at the same port, as a restart of the daemon does. */
    public void restart() {
        int port = api.port();
        stop();
        startAgain(port);
    }

    /** Ends the API, as a node that dies. */
    public void stop() {
        api.close();
    }

    /** Starts it again after {@link #stop}. */
    public void startAgain(int port) {
        notifier = new FeedNotifier(database.jdbi());
        api = start(port);
    }

    private Api start(int port) {
        ConfigurationReloads reloads =
                new ConfigurationReloads(
                        database.jdbi(), nodes, () -> reload.get(), () -> configuration);
        Api.Parts parts =
                new Api.Parts(
                        database.jdbi(),
                        keyring,
                        guard,
                        new OAuthApps(new OAuthAppStore(database.jdbi()), keyring),
                        new CodeExchange(http, clock),
                        new RoutedWatch(
                                watch,
                                ownership,
                                nodes,
                                new MailboxStore(database.jdbi()),
                                new StoredLogins(database.jdbi())),
                        new FakeWebhooks(),
                        notifier,
                        new FakeSearch(searchedFor),
                        rules,
                        new ReadinessReasons() {
                            @Override
                            public List<String> get() {
                                return List.copyOf(notReady);
                            }

                            @Override
                            public List<String> warnings() {
                                return List.copyOf(warnings);
                            }
                        },
                        reloads::everywhere,
                        new NodeServer(
                                watch,
                                ownership,
                                nodes,
                                new AccountStore(database.jdbi()),
                                new LoginSecrets(keyring),
                                reloads,
                                TestStatus.NONE),
                        new ClusterStats(
                                database.jdbi(),
                                members,
                                nodes,
                                () -> new NodeCounts(2, 1),
                                () -> Optional.ofNullable(canary)),
                        () -> erases,
                        meters,
                        meters::scrape,
                        clock);
        return Api.start(
                new Api.Settings(new HttpConfig("127.0.0.1", port), 0, KEY, "1.2.3"),
                parts,
                pages.of(this, parts));
    }

    /** This node sees that another one, or itself, owns all shards. */
    public void giveAllTo(UUID node) {
        for (int shard = 0; shard < Account.SHARDS; shard++) {
            members.own(shard, node);
            if (node.equals(members.self())) {
                ownership.acquire(shard, 1);
            } else {
                ownership.lose(shard);
            }
        }
    }

    private static List<InetAddress> resolve(String host) throws UnknownHostException {
        String address =
                host.endsWith(".internal.example")
                        ? "10.1.2.3"
                        : host.equals("localhost") ? "127.0.0.1" : "93.184.215.14";
        return List.of(InetAddress.getByName(address));
    }

    /** Knows the domain known.example. */
    private record FakeSearch(Set<UUID> searchedFor) implements ServerSearch {
        private static final String UNKNOWN = "nothing is known of this domain: give mail.host";

        @Override
        public Discovered find(String address, Protocol protocol) {
            searchedFor.add(ActingClient.current());
            return address.endsWith("@known.example")
                    ? new Discovered.Found(
                            "mail.known.example",
                            1993,
                            Security.TLS,
                            "known-user",
                            Discovered.Source.SRV)
                    : new Discovered.NotFound(UNKNOWN);
        }

        @Override
        public Candidates candidates(String address, Set<Protocol> protocols) {
            List<Candidate> found = new ArrayList<>();
            for (Protocol protocol : protocols) {
                if (find(address, protocol) instanceof Discovered.Found server) {
                    found.add(new Candidate(protocol, server, List.of(Candidate.Auth.PASSWORD)));
                }
            }
            return new Candidates(found, found.isEmpty() ? UNKNOWN : "");
        }
    }

    private final class FakeWebhooks implements WebhookOperations {
        @Override
        public void accountRemoved(UUID accountId) {}

        @Override
        public void disabled(Collection<UUID> ids) {
            changedWebhooks.addAll(ids);
        }

        @Override
        public void changed(UUID id) {
            changedWebhooks.add(id);
        }

        @Override
        public Duration longestPost() {
            return Duration.ZERO;
        }

        @Override
        public Instant now() {
            return Instant.now();
        }

        @Override
        public Attempt test(Webhook webhook) {
            return new Attempt(
                    Instant.parse("2026-11-20T23:59:07.123Z"),
                    Duration.ofMillis(31),
                    500,
                    "no",
                    "answered 500",
                    null,
                    null);
        }
    }

    public int port() {
        return api.port();
    }

    public Api api() {
        return api;
    }

    /** A client with the operator's key. */
    public HttpCaller client() {
        return new HttpCaller(port(), KEY);
    }

    /** A caller of a new client. */
    public HttpCaller otherClient() {
        UUID id = UUID.randomUUID();
        database.jdbi()
                .useHandle(handle ->
                        handle.execute(
                                "insert into client (id, name) values (?, ?)", id, id.toString()));
        return client().with("Mailbell-Client", id.toString());
    }

    /** Creates a client by the API; returns its id. */
    public String newClient() {
        return idOf(client().post("/v1/clients", "{\"name\": \"" + UUID.randomUUID() + "\"}"));
    }

    /** Creates a key of a client by the API; the answer has its text. */
    public JsonNode newKey(String clientId, String... scopes) {
        return HttpCaller.json(
                client().post(
                                "/v1/clients/" + clientId + "/keys",
                                "{\"name\": \"a key\", \"scopes\": [\""
                                        + String.join("\", \"", scopes)
                                        + "\"]}"));
    }

    /** A caller with a key of a client. */
    public HttpCaller callerOf(String clientId, String... scopes) {
        return withKey(newKey(clientId, scopes).required("key").stringValue());
    }

    public HttpCaller withKey(String key) {
        return new HttpCaller(port(), key);
    }

    /**
     * Returns when the feed shows all events that were committed before: it shows none beside an
     * older transaction, which may be one of another database of the server.
     */
    public void awaitFeed() {
        FeedView.awaitAll(database.jdbi(), null);
    }

    public static String imap(String ref) {
        return """
        {"ref": "%s", "address": "ann@example.org",
         "mail": {"protocol": "imap", "host": "imap.example.org", "password": "s3cret-word"},
         "labels": {"plan": "pro"}}
        """
                .formatted(ref);
    }

    public static String idOf(HttpResponse<String> response) {
        return Json.MAPPER.readTree(response.body()).required("id").stringValue();
    }

    @Override
    public void close() {
        api.close();
        nodes.close();
        http.close();
        watchdog.close();
        guard.close();
        if (!first) {
            return;
        }
        database.close();
        try {
            Files.deleteIfExists(directory.resolve("keyset.json"));
            Files.delete(directory);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
