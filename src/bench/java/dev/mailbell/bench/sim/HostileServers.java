package dev.mailbell.bench.sim;

import dev.mailbell.bench.daemon.OtherMachineProcess;
import dev.mailbell.bench.net.Connection;
import dev.mailbell.bench.net.Listener;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.LongStream;

/** The hostile mail servers of 16 kinds, as a process of their own. */
public final class HostileServers implements AutoCloseable {
    private final OtherMachineProcess machine = OtherMachineProcess.start(HostileServers.class);
    private final int addresses;
    private final int firstPort;
    private final int secondPort;

    /**
     * @param servers how many, an even number; each has an address and port of its own
     */
    public HostileServers(int servers) {
        addresses = servers / 2;
        firstPort = Math.toIntExact(machine.ask("listen " + addresses).getFirst());
        secondPort = Math.toIntExact(machine.ask("listen " + addresses).getFirst());
    }

    public String host(int server) {
        return "127.0.0." + (server % addresses + 1);
    }

    public int port(int server) {
        return server < addresses ? firstPort : secondPort;
    }

    /** Connections so far. */
    public long connections() {
        return machine.ask("connections").getFirst();
    }

    /** Octets that the kernel took of them so far. */
    public long octets() {
        return machine.ask("octets").getFirst();
    }

    @Override
    public void close() {
        machine.close();
    }

    /** The process of the servers. */
    public static void main(String[] arguments) {
        AtomicInteger connections = new AtomicInteger();
        OtherMachineProcess.serve(line -> {
            String[] words = line.split(" ");
            return LongStream.of(
                    switch (words[0]) {
                        case "listen" ->
                                Listener.open(
                                                Integer.parseInt(words[1]),
                                                null,
                                                () ->
                                                        new HostileHandler(
                                                                connections.getAndIncrement()))
                                        .port();
                        case "octets" -> Connection.octets();
                        default -> connections.get();
                    });
        });
    }
}
