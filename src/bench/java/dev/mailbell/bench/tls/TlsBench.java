package dev.mailbell.bench.tls;

import com.sun.management.OperatingSystemMXBean;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.Provider;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicLong;
import javax.net.ssl.SSLSocket;

/**
 * Compares Mailbell's TLS with another provider's; how it is run stands in ADR 15.
 *
 * <pre>
 * TlsBench cpu [CLASS [AT-ONCE]]  CPU of a handshake, Mailbell's and the provider's in turn
 * TlsBench memory [CLASS]         memory of 2,000 idle connections, Mailbell's or the provider's
 * TlsBench cycles [CLASS]         memory while 20,000 connections come and go
 * </pre>
 *
 * CLASS is the provider, for example {@code org.conscrypt.OpenSSLProvider}, on the class path.
 */
public final class TlsBench {
    private static final int AT_ONCE = 8;
    private static final int ROUNDS = 5;
    private static final int CONNECTIONS = 200;
    private static final int IDLE = 2_000;
    private static final int CYCLES = 20_000;

    private static final AtomicLong NAMES = new AtomicLong();

    private TlsBench() {}

    public static void main(String[] arguments) throws Exception {
        String what = arguments.length > 0 ? arguments[0] : "";
        String other = arguments.length > 1 ? arguments[1] : "";
        switch (what) {
            case "cpu" ->
                    cpu(other, arguments.length > 2 ? Integer.parseInt(arguments[2]) : AT_ONCE);
            case "memory" -> memory(other);
            case "cycles" -> cycles(other);
            default -> {
                System.err.println("usage: TlsBench cpu|memory|cycles [PROVIDER-CLASS [AT-ONCE]]");
                System.exit(2);
            }
        }
        System.exit(0);
    }

    private static Client client(String provider, X509Certificate certificate)
            throws GeneralSecurityException, IOException, ReflectiveOperationException {
        return provider.isEmpty()
                ? Client.ofMailbell(certificate)
                : Client.of(
                        (Provider) Class.forName(provider).getDeclaredConstructor().newInstance(),
                        certificate);
    }

    private static void cpu(String other, int atOnce) throws Exception {
        System.out.println("| key, protocol | to | provider | CPU ms (least–most) | resumed |");
        System.out.println("| --- | --- | --- | --- | --- |");
        for (String key : List.of("EC", "RSA")) {
            for (String protocol : List.of("TLSv1.3", "TLSv1.2")) {
                try (ServerProcess server = new ServerProcess(key, protocol)) {
                    List<Client> clients = new ArrayList<>();
                    clients.add(client("", server.certificate()));
                    if (!other.isEmpty()) {
                        clients.add(client(other, server.certificate()));
                    }
                    compare(key + ", " + protocol, clients, server.port(), atOnce);
                }
            }
        }
    }

    private static void compare(String row, List<Client> clients, int port, int atOnce)
            throws Exception {
        for (boolean oneHost : new boolean[] {true, false}) {
            double[][] cost = new double[clients.size()][ROUNDS];
            double[] resumed = new double[clients.size()];
            // In turn, because a shared machine's speed drifts; the first rounds warm up.
            for (int round = -3; round < ROUNDS; round++) {
                for (int i = 0; i < clients.size(); i++) {
                    Client client = clients.get(i);
                    client.resumed.set(0);
                    long before = cpuNanos();
                    connect(client, port, CONNECTIONS, atOnce, oneHost);
                    if (round >= 0) {
                        cost[i][round] = (cpuNanos() - before) / 1e6 / CONNECTIONS;
                        resumed[i] += client.resumed.get() * 100.0 / CONNECTIONS / ROUNDS;
                    }
                }
            }
            for (int i = 0; i < clients.size(); i++) {
                Arrays.sort(cost[i]);
                System.out.printf(
                        Locale.ROOT,
                        "| %s | %s | %s | %.2f (%.2f–%.2f) | %.0f %% |%n",
                        row,
                        oneHost ? "one host" : "a new host each",
                        i == 0 ? "Mailbell" : "other",
                        cost[i][ROUNDS / 2],
                        cost[i][0],
                        cost[i][ROUNDS - 1],
                        resumed[i]);
            }
        }
    }

    private static void memory(String provider) throws Exception {
        try (ServerProcess server = new ServerProcess("EC", "TLSv1.3")) {
            Client client = client(provider, server.certificate());
            connect(client, server.port(), CONNECTIONS, AT_ONCE, true);
            System.gc();
            long heap = heap();
            long resident = residentKiB();
            List<SSLSocket> open = new ArrayList<>();
            for (int i = 0; i < IDLE; i++) {
                SSLSocket socket = client.connect("mail.bench.local", server.port());
                open.add(socket);
                socket.getOutputStream().write('x');
                socket.getInputStream().read();
                Thread.startVirtualThread(() -> waitFor(socket));
            }
            System.gc();
            System.out.printf(
                    Locale.ROOT,
                    "%d idle: %.1f KiB of heap and %.1f KiB of resident memory each%n",
                    open.size(),
                    (heap() - heap) / 1024.0 / IDLE,
                    (residentKiB() - resident) / (double) IDLE);
        }
    }

    private static void waitFor(SSLSocket socket) {
        try {
            socket.getInputStream().read();
        } catch (IOException e) {
            System.err.println("bench: an idle connection ended: " + e.getMessage());
        }
    }

    private static void cycles(String provider) throws Exception {
        try (ServerProcess server = new ServerProcess("EC", "TLSv1.3")) {
            Client client = client(provider, server.certificate());
            for (int done = 0; done < CYCLES; done += 4_000) {
                connect(client, server.port(), 4_000, 20, true);
                System.out.printf(
                        "after %d connections: %d MB resident, %d MB of heap, %d files%n",
                        done + 4_000, residentKiB() >> 10, heap() >> 20, files());
            }
        }
    }

    private static void connect(Client client, int port, int count, int atOnce, boolean oneHost)
            throws InterruptedException, ExecutionException {
        Semaphore free = new Semaphore(atOnce);
        List<Future<?>> all = new ArrayList<>();
        try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
            for (int i = 0; i < count; i++) {
                free.acquire();
                String name = oneHost ? "mail" : "m" + NAMES.incrementAndGet();
                all.add(
                        threads.submit(() -> {
                            try {
                                client.connect(name + ".bench.local", port).close();
                            } finally {
                                free.release();
                            }
                            return true;
                        }));
            }
        }
        for (Future<?> one : all) {
            one.get();
        }
    }

    private static long cpuNanos() {
        return ((OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean())
                .getProcessCpuTime();
    }

    private static long heap() {
        Runtime runtime = Runtime.getRuntime();
        return runtime.totalMemory() - runtime.freeMemory();
    }

    private static long residentKiB() throws IOException {
        return Files.readAllLines(Path.of("/proc/self/status")).stream()
                .filter(line -> line.startsWith("VmRSS:"))
                .mapToLong(line -> Long.parseLong(line.replaceAll("\\D", "")))
                .findFirst()
                .orElseThrow();
    }

    private static long files() throws IOException {
        try (var open = Files.list(Path.of("/proc/self/fd"))) {
            return open.count();
        }
    }
}
