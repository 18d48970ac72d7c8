package dev.mailbell.bench;

import dev.mailbell.bench.daemon.Api;
import dev.mailbell.bench.net.ConnectionHandler;
import dev.mailbell.bench.net.Listener;
import dev.mailbell.bench.sim.DripHandler;
import dev.mailbell.bench.sim.HostileHandler;
import dev.mailbell.bench.sim.ImapServerSim;
import dev.mailbell.bench.sim.Receiver;
import dev.mailbell.bench.sim.Receiver.Behaviour;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;

/**
 * A client whose mail servers and webhooks do harm: a quarter of the servers refuses, is silent,
 * sends an octet now and then, or floods; a quarter of the webhooks refuses, hangs, fails slowly,
 * or fails at once. Some of its mailboxes get mail that all its webhooks want, and it sends as many
 * requests as its key allows.
 */
final class HostileClient implements AutoCloseable {
    private static final int KINDS = 4;
    private static final int FEEDING = 20;
    private static final int MAILS_PER_SECOND = 10;
    private static final int SENDERS = 4;

    private final Api api;
    private final int servers;
    private final int closedPort = closedPort();
    private final List<Listener> listeners = new ArrayList<>();
    private final Receiver receiver = new Receiver(delivery -> {});
    private final ImapServerSim mail = new ImapServerSim(FEEDING, 1, null);
    private final AtomicInteger connections = new AtomicInteger();
    private final List<ApiProbe> requests = new ArrayList<>();
    private final Thread feeder =
            Thread.ofPlatform().daemon().name("bench-feed").unstarted(this::feed);
    private volatile boolean ended;

    /**
     * @param testBed with the daemon whose client it becomes
     * @param servers how many it has, at most 1,000
     */
    HostileClient(TestBed testBed, int servers) {
        UUID id = UUID.randomUUID();
        testBed.daemon()
                .sql()
                .change("insert into client (id, name) values ('%s', 'hostile')".formatted(id));
        this.api = testBed.daemon().api().actingFor(id);
        this.servers = servers;
        int addresses = Math.max(1, (servers + KINDS - 1) / KINDS);
        listeners.add(listener(addresses, () -> new HostileHandler(0)));
        listeners.add(listener(addresses, DripHandler::new));
        listeners.add(listener(addresses, () -> new HostileHandler(flooding(connections.get()))));
    }

    private Listener listener(
            int addresses, java.util.function.Supplier<ConnectionHandler> handlers) {
        return Listener.open(
                addresses,
                null,
                () -> {
                    connections.incrementAndGet();
                    return handlers.get();
                });
    }

    /** The kinds of {@link HostileHandler} that send without end, or push all the time. */
    private static int flooding(int connection) {
        int[] kinds = {3, 4, 9, 10, 12, 15};
        return kinds[connection % kinds.length];
    }

    /** A port on which no program listens. */
    private static int closedPort() {
        try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return socket.getLocalPort();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Registers its webhooks and accounts, and begins to get mail and to send requests. */
    void begin(int webhooks, int interval, double requestsPerSecond) {
        receiver.behaviours(HostileClient::behaviour);
        for (int i = 0; i < webhooks; i++) {
            String url =
                    i % KINDS == 0 ? "http://127.0.0.1:" + closedPort + "/w/" + i : receiver.url(i);
            api.post("/v1/webhooks", Map.of("url", url, "events", List.of("*")));
        }
        ExtraAccounts accounts = new ExtraAccounts();
        for (int i = 0; i < servers; i++) {
            String address = "127.0.0." + (i / KINDS % 250 + 1);
            int port = i % KINDS == 0 ? closedPort : listeners.get(i % KINDS - 1).port();
            accounts.add(FEEDING + i, address, port, true, interval);
        }
        for (int i = 0; i < FEEDING; i++) {
            accounts.add(i, mail.host(i), mail.port(), true, interval);
        }
        accounts.register(api);
        feeder.start();
        for (int i = 0; i < SENDERS; i++) {
            requests.add(
                    new ApiProbe(
                            api,
                            List.of("/v1/accounts?limit=100", "/v1/events?limit=100"),
                            requestsPerSecond / SENDERS));
        }
    }

    private static Behaviour behaviour(int webhook) {
        return switch (webhook % KINDS) {
            case 1 -> Behaviour.HANGS;
            case 2 -> Behaviour.FAILS_SLOWLY;
            default -> Behaviour.FAILS;
        };
    }

    private void feed() {
        for (int i = 0; !ended; i++) {
            mail.deliver(i % FEEDING);
            LockSupport.parkNanos(TimeUnit.SECONDS.toNanos(1) / MAILS_PER_SECOND);
        }
    }

    int connections() {
        return connections.get();
    }

    long posts() {
        return receiver.requests();
    }

    /** Requests that were answered, and those that were refused. */
    List<Figure> requests() {
        int refused = requests.stream().mapToInt(ApiProbe::refused).sum();
        long begin = System.nanoTime() - TimeUnit.HOURS.toNanos(1);
        int answered =
                requests.stream()
                        .mapToInt(
                                probe -> probe.latencies().between(begin, System.nanoTime()).size())
                        .sum();
        return List.of(
                Figure.of("its requests that were answered", answered, ""),
                Figure.of("its requests that were refused", refused, ""));
    }

    @Override
    public void close() {
        ended = true;
        requests.forEach(ApiProbe::close);
        try {
            feeder.join();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        mail.close();
        receiver.close();
        listeners.forEach(Listener::close);
    }
}
