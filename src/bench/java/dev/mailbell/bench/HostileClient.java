package dev.mailbell.bench;

import dev.mailbell.bench.daemon.Api;
import dev.mailbell.bench.daemon.BenchException;
import dev.mailbell.bench.daemon.DaemonProcess;
import dev.mailbell.bench.daemon.OtherMachineProcess;
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
import java.net.URI;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.LongStream;

/**
 * A client whose mail servers and webhooks do harm: a quarter of the servers refuses, is silent,
 * sends an octet now and then, or floods; a quarter of the webhooks refuses, hangs, fails slowly,
 * or fails at once. Some of its mailboxes get mail that all its webhooks want, and it sends as many
 * requests as its key allows. It is a process of its own; see {@link OtherMachineProcess}.
 */
final class HostileClient {
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

    private HostileClient(Api api, int servers) {
        this.api = api;
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

    /** Such a client of the daemon, which begins when it is asked to. */
    static OtherMachineProcess start(DaemonProcess daemon) {
        UUID id = UUID.randomUUID();
        daemon.sql().change("insert into client (id, name) values ('%s', 'hostile')".formatted(id));
        return OtherMachineProcess.start(
                HostileClient.class, daemon.api().base().toString(), id.toString());
    }

    /** What a line has it do, and {@link #figures()} are what it answers. */
    static String beginning(int servers, int webhooks, int interval, int requestsPerSecond) {
        return servers + " " + webhooks + " " + interval + " " + requestsPerSecond;
    }

    /**
     * Its process.
     *
     * @param arguments the daemon's address and its id
     */
    public static void main(String[] arguments) {
        Api api = Api.at(URI.create(arguments[0])).actingFor(UUID.fromString(arguments[1]));
        AtomicReference<HostileClient> begun = new AtomicReference<>();
        OtherMachineProcess.serve(line -> {
            HostileClient client = begun.get();
            if (client == null) {
                int[] words = Arrays.stream(line.split(" ")).mapToInt(Integer::parseInt).toArray();
                client = new HostileClient(api, words[0]);
                begun.set(client);
                client.begin(words[1], words[2], words[3]);
            }
            return client.figures();
        });
        System.exit(0);
    }

    /** Registers its webhooks and accounts, and begins to get mail and to send requests. */
    private void begin(int webhooks, int interval, double requestsPerSecond) {
        receiver.behaviours(HostileClient::behaviour);
        for (int i = 0; i < webhooks; i++) {
            String url =
                    i % KINDS == 0 ? "http://127.0.0.1:" + closedPort + "/w/" + i : receiver.url(i);
            register(Map.of("url", url, "events", List.of("*")));
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

    /**
     * Registers a webhook; once more where the connection fails. In a process that rarely gets a
     * core, Java's HTTP client now and then loses an answer that comes on a connection of its pool.
     */
    private void register(Map<String, Object> webhook) {
        try {
            api.post("/v1/webhooks", webhook);
        } catch (BenchException e) {
            if (!(e.getCause() instanceof IOException)) {
                throw e;
            }
            api.post("/v1/webhooks", webhook);
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
        for (int i = 0; true; i++) {
            mail.deliver(i % FEEDING);
            LockSupport.parkNanos(TimeUnit.SECONDS.toNanos(1) / MAILS_PER_SECOND);
        }
    }

    /** Connections to its servers, POSTs to its webhooks, requests answered and refused. */
    private LongStream figures() {
        long now = System.nanoTime();
        long begin = now - TimeUnit.HOURS.toNanos(1);
        return LongStream.of(
                connections.get(),
                receiver.requests(),
                requests.stream()
                        .mapToInt(probe -> probe.latencies().between(begin, now).size())
                        .sum(),
                requests.stream().mapToInt(ApiProbe::refused).sum());
    }
}
