package dev.mailbell.watch;

import static org.awaitility.Awaitility.await;

import dev.mailbell.account.Account;
import dev.mailbell.account.AccountState;
import dev.mailbell.account.AccountStore;
import dev.mailbell.account.LoginSecret;
import dev.mailbell.account.LoginSecrets;
import dev.mailbell.account.MailSettings;
import dev.mailbell.account.WatchSettings;
import dev.mailbell.client.ClientStore;
import dev.mailbell.cluster.TestOwnership;
import dev.mailbell.config.Configuration;
import dev.mailbell.config.ConfigurationLoader;
import dev.mailbell.database.Database;
import dev.mailbell.database.TestDatabase;
import dev.mailbell.event.Event;
import dev.mailbell.event.EventStore;
import dev.mailbell.event.EventType;
import dev.mailbell.event.FeedView;
import dev.mailbell.event.Ids;
import dev.mailbell.mail.MailServers;
import dev.mailbell.mail.Protocol;
import dev.mailbell.mail.Security;
import dev.mailbell.mail.auth.RefreshTokenStore;
import dev.mailbell.mail.auth.TokenSource;
import dev.mailbell.mail.auth.grant.TokenGrant;
import dev.mailbell.mail.imap.ImapSessions;
import dev.mailbell.mail.pop3.Pop3Sessions;
import dev.mailbell.mail.scripted.Loopback;
import dev.mailbell.network.Deadline;
import dev.mailbell.oauth.OAuthAppStore;
import dev.mailbell.oauth.OAuthApps;
import dev.mailbell.secret.Keyring;
import dev.mailbell.watch.check.CheckedMailbox;
import dev.mailbell.watch.schedule.PollingPolicy;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.time.temporal.ChronoUnit;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.Callable;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Function;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.jdbi.v3.core.generic.GenericType;

/**
 * A whole watch over a real database, against servers on loopback, whose clock a test can speed up.
 */
final class WatchKit implements AutoCloseable {
    private static final Pattern NEW_COUNT = Pattern.compile("\"newCount\":(\\d+)");

    final Database database = TestDatabase.create();
    final AccountStore accounts = new AccountStore(database.jdbi());
    final EventStore events = new EventStore(database.jdbi());
    private final Path home;
    private final Keyring keyring;
    final LoginSecrets secrets;
    final OAuthApps apps;
    private final Loopback loopback = new Loopback();
    private final AtomicReference<Configuration> configuration = new AtomicReference<>();

    /** Whether the daemon holds the lease on its database. */
    final AtomicBoolean held = new AtomicBoolean(true);

    final TestOwnership ownership = new TestOwnership(held::get);

    private final long began = System.nanoTime();
    private volatile Duration ahead = Duration.ZERO;
    private volatile Duration wallStep = Duration.ZERO;
    private volatile int speed = 1;

    private WatchService service;

    private final Function<RefreshTokenStore, TokenSource> tokens;
    private final Duration doneTimeout;

    WatchKit(String yaml) {
        this(yaml, grants -> new NoTokens());
    }

    WatchKit(String yaml, Duration doneTimeout) {
        this(yaml, grants -> new NoTokens(), doneTimeout);
    }

    WatchKit(String yaml, Function<RefreshTokenStore, TokenSource> tokens) {
        this(yaml, tokens, Duration.ofSeconds(30));
    }

    /**
     * @param doneTimeout the time within which a server must answer DONE
     */
    WatchKit(String yaml, Function<RefreshTokenStore, TokenSource> tokens, Duration doneTimeout) {
        this.tokens = tokens;
        this.doneTimeout = doneTimeout;
        try {
            home = Files.createTempDirectory("watch");
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        keyring = Keyring.open(home.resolve("keyset.json"));
        secrets = new LoginSecrets(keyring);
        apps = new OAuthApps(new OAuthAppStore(database.jdbi()), keyring);
        configure(yaml);
        service = fresh(ownership);
    }

    private void configure(String yaml) {
        try {
            Path file = home.resolve("mailbell.yaml");
            Files.writeString(file, yaml);
            configuration.set(new ConfigurationLoader(home, Map.of()).load(file));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Another node on the same database, which owns no shard yet. */
    final class Node implements AutoCloseable {
        final TestOwnership ownership = new TestOwnership(this::isActive);
        final WatchService service;
        volatile boolean active = true;

        private Node() {
            ownership.shards().forEach(ownership::lose);
            service = fresh(ownership);
            service.start();
        }

        private boolean isActive() {
            return active;
        }

        /** Takes shards with their next epoch. */
        void acquire(Set<Integer> shards) {
            database.jdbi()
                    .useHandle(handle ->
                            handle.createUpdate(
                                            "update shard set epoch = epoch + 1 where id = any (:shards)")
                                    .bind("shards", shards.toArray(Integer[]::new))
                                    .execute());
            Map<Integer, Long> epochs =
                    database.jdbi()
                            .withHandle(handle ->
                                    handle.createQuery("select id, epoch from shard")
                                            .setMapKeyColumn("id")
                                            .setMapValueColumn("epoch")
                                            .collectInto(new GenericType<Map<Integer, Long>>() {}));
            shards.forEach(shard -> ownership.acquire(shard, epochs.getOrDefault(shard, -1L)));
            service.acquired(shards);
        }

        /** Releases shards, which another node may then take. */
        void release(Set<Integer> shards, Deadline deadline) throws InterruptedException {
            shards.forEach(ownership::release);
            service.released(shards, deadline);
            shards.forEach(ownership::lose);
        }

        @Override
        public void close() throws InterruptedException {
            service.stop();
        }
    }

    Node node() {
        return new Node();
    }

    private WatchService fresh(TestOwnership ofNode) {
        MailServers imap =
                new ImapSessions(loopback.connector(), ImapSessions.BYTE_BUDGET, doneTimeout);
        MailServers pop3 = new Pop3Sessions(loopback.connector());
        MailServers servers =
                (login, deadline) ->
                        (login.protocol() == Protocol.IMAP ? imap : pop3).open(login, deadline);
        return new WatchService(
                new WatchService.Parts(
                        database.jdbi(),
                        4,
                        ofNode,
                        servers,
                        secrets,
                        apps,
                        tokens,
                        TestOutbox.of(database),
                        new PollingPolicy(configuration::get, ofNode::nodes),
                        new SimpleMeterRegistry(),
                        clock(),
                        this::nanoTime));
    }

    private static final class NoTokens implements TokenSource {
        @Override
        public String accessToken(UUID accountId, TokenGrant grant, Deadline deadline) {
            throw new AssertionError("no account has a grant");
        }

        @Override
        public void refused(UUID accountId) {
            throw new AssertionError("no account has a grant");
        }

        @Override
        public void forget(UUID accountId) {
            throw new AssertionError("no account has a grant");
        }
    }

    private InstantSource clock() {
        return () -> Instant.now().plus(ahead).plus(wallStep);
    }

    Instant now() {
        return clock().instant();
    }

    /** Sets the wall clock, and no other, forward or back. */
    void setWallClock(Duration step) {
        wallStep = step;
    }

    private long nanoTime() {
        return began + (System.nanoTime() - began) * speed + ahead.toNanos();
    }

    /** From now on schedules run so many times as fast; limits on mail servers do not. */
    void hasten(int times) {
        speed = times;
    }

    /** Lets so much time pass at once. */
    void pass(Duration time) {
        ahead = ahead.plus(time);
    }

    /**
     * Lets time pass again and again until something has happened. Time that passes before a timer
     * is set does not count for it.
     */
    void passUntil(Duration step, Callable<Boolean> happened) {
        await().until(() -> {
            pass(step);
            return happened.call();
        });
    }

    /**
     * Waits until no thread works on these accounts, which are polled, and their timers are set.
     */
    void awaitRest(Collection<Account> polled) {
        await().until(() -> polled.stream().allMatch(this::isAtRest));
    }

    private boolean isAtRest(Account account) {
        return service.accounts().stream()
                        .filter(watched -> watched.account().id().equals(account.id()))
                        .noneMatch(watched -> watched.session().lock().isLocked())
                && watch().live(account.id()).map(AccountCommands.Live::nextCheckAt).isPresent();
    }

    void reload(String yaml) {
        configure(yaml);
        service.reconfigured();
    }

    Watch watch() {
        return service.watch();
    }

    /** Checks as a request that arrives now. */
    List<CheckedMailbox> check(Account account) {
        return watch().check(account, watch().deadline());
    }

    AccountCommands.Verified verify(Account account, LoginSecret secret) {
        return watch().verify(account, secret, watch().deadline());
    }

    WatchService service() {
        return service;
    }

    /** Starts the watch over all shards; returns when the accounts are read. */
    void start() {
        service.start();
        service.acquired(ownership.shards());
        await().pollDelay(Duration.ZERO)
                .pollInterval(Duration.ofMillis(2))
                .until(() -> !service.isLoading());
    }

    /** Stops the watch and starts another one, as a restart does. */
    void restart() throws InterruptedException {
        service.stop();
        service = fresh(ownership);
        start();
    }

    /** Registers an account and watches it. */
    Account register(int port, String user, List<String> mailboxes) {
        Account account = store(port, user, mailboxes);
        service.watch().watch(account);
        return account;
    }

    Account register(int port, String user) {
        return register(port, user, List.of("INBOX"));
    }

    /** Registers an account only in the table. */
    Account store(int port, String user, List<String> mailboxes) {
        return store(port, user, mailboxes, new LoginSecret.Password("s3cret-word"));
    }

    Account store(int port, String user, List<String> mailboxes, LoginSecret secret) {
        Account account = account(ClientStore.DEFAULT, port, user, mailboxes, secret);
        accounts.insert(account);
        return account;
    }

    /** An account of a client that is not in the table. */
    Account account(UUID client, int port, String user, List<String> mailboxes) {
        return account(client, port, user, mailboxes, new LoginSecret.Password("s3cret-word"));
    }

    /** Registers a POP3 account only in the table. */
    Account storePop3(int port, String user) {
        LoginSecret secret = new LoginSecret.Password("s3cret-word");
        Account account =
                account(Protocol.POP3, ClientStore.DEFAULT, port, user, List.of("INBOX"), secret);
        accounts.insert(account);
        return account;
    }

    private Account account(
            UUID client, int port, String user, List<String> mailboxes, LoginSecret secret) {
        return account(Protocol.IMAP, client, port, user, mailboxes, secret);
    }

    private Account account(
            Protocol protocol,
            UUID client,
            int port,
            String user,
            List<String> mailboxes,
            LoginSecret secret) {
        Instant now = clock().instant().truncatedTo(ChronoUnit.MICROS);
        UUID id = Ids.next();
        return new Account(
                id,
                client,
                null,
                user + "@example.org",
                new MailSettings(
                        protocol,
                        "127.0.0.1",
                        port,
                        Security.NONE,
                        user,
                        secret instanceof LoginSecret.Password
                                ? MailSettings.Auth.PASSWORD
                                : MailSettings.Auth.OAUTH2,
                        true,
                        null),
                secrets.seal(secret, id),
                secret.appId(),
                mailboxes,
                new WatchSettings(null, null, false),
                Map.of(),
                AccountState.CONNECTING,
                now,
                null,
                null,
                now,
                now);
    }

    /** How many messages were announced, over all events. */
    int announced(Account account) {
        return of(account, EventType.MAIL_NEW).stream().mapToInt(WatchKit::newCount).sum();
    }

    private static int newCount(Event event) {
        Matcher matcher = NEW_COUNT.matcher(event.payload());
        if (!matcher.find()) {
            throw new AssertionError(event.payload());
        }
        return Integer.parseInt(matcher.group(1));
    }

    List<Event> of(Account account, EventType type) {
        FeedView.awaitAll(database.jdbi(), account.id());
        return events.after(ClientStore.DEFAULT, null, type, account.id(), 500);
    }

    /** The number of messages announced, over all accounts. */
    long announced() {
        return database.jdbi()
                .withHandle(handle ->
                        handle.createQuery(
                                        "select coalesce(sum((payload::jsonb -> 'data' ->> 'newCount')::int), 0)"
                                                + " from event where type = 'mail.new'")
                                .mapTo(Long.class)
                                .one());
    }

    String mode(Account account) {
        return String.valueOf(
                service.watch().live(account.id()).map(AccountCommands.Live::mode).orElse(null));
    }

    @Override
    public void close() throws InterruptedException {
        service.stop();
        loopback.close();
        database.close();
        try (Stream<Path> files = Files.list(home)) {
            for (Path file : files.toList()) {
                Files.delete(file);
            }
            Files.delete(home);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
