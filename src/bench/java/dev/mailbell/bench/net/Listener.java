package dev.mailbell.bench.net;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.BindException;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;
import javax.net.ssl.SSLContext;
import org.jspecify.annotations.Nullable;

/**
 * Listens on one port of several loopback addresses, 127.0.0.1 and up: to one address and port a
 * client has no more than some 28,000 ports of its own.
 */
public final class Listener implements AutoCloseable {
    private static final int LOOPS = 2;
    private static final int BACKLOG = 4096;
    private static final int TRIES = 20;

    private final List<ServerSocketChannel> channels;
    private final List<SelectorLoop> loops = new ArrayList<>();
    private final @Nullable SSLContext tls;
    private final Supplier<ConnectionHandler> handlers;
    private final AtomicInteger next = new AtomicInteger();
    private volatile boolean closed;

    private Listener(
            List<ServerSocketChannel> channels,
            @Nullable SSLContext tls,
            Supplier<ConnectionHandler> handlers) {
        this.channels = channels;
        this.tls = tls;
        this.handlers = handlers;
        for (int i = 0; i < LOOPS; i++) {
            loops.add(new SelectorLoop("bench-loop"));
        }
        for (ServerSocketChannel channel : channels) {
            Thread.ofPlatform().name("bench-accept").daemon().start(() -> accept(channel));
        }
    }

    /**
     * @param addresses how many, 1 to 250
     * @param tls null for plain
     * @param handlers makes the handler of each connection
     */
    public static Listener open(
            int addresses, @Nullable SSLContext tls, Supplier<ConnectionHandler> handlers) {
        for (int i = 1; ; i++) {
            List<ServerSocketChannel> channels = new ArrayList<>();
            try {
                int port = 0;
                for (int address = 0; address < addresses; address++) {
                    ServerSocketChannel channel = ServerSocketChannel.open();
                    channels.add(channel);
                    channel.bind(new InetSocketAddress(address(address), port), BACKLOG);
                    port = ((InetSocketAddress) channel.getLocalAddress()).getPort();
                }
                return new Listener(channels, tls, handlers);
            } catch (BindException e) {
                // The port that the first address gave is taken on another one.
                channels.forEach(Listener::close);
                if (i == TRIES) {
                    throw new UncheckedIOException(
                            "no port is free on all of 127.0.0.1 to " + address(addresses - 1), e);
                }
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
    }

    private static String address(int i) {
        return "127.0.0." + (i + 1);
    }

    public int port() {
        return channels.getFirst().socket().getLocalPort();
    }

    /** An address for the client of this number; the addresses are used in turn. */
    public String host(int client) {
        return address(client % channels.size());
    }

    private void accept(ServerSocketChannel server) {
        while (!closed) {
            try {
                SocketChannel channel = server.accept();
                channel.setOption(StandardSocketOptions.TCP_NODELAY, true);
                Connection link =
                        new Connection(
                                channel, handlers.get(), tls == null ? null : new TlsLayer(tls));
                loops.get(Math.floorMod(next.getAndIncrement(), LOOPS)).serve(channel, link);
            } catch (ClosedChannelException e) {
                if (server.isOpen()) {
                    continue;
                }
                return;
            } catch (IOException e) {
                System.err.println("bench: a connection could not be taken: " + e.getMessage());
                if (!pause()) {
                    return;
                }
            }
        }
    }

    private static boolean pause() {
        try {
            Thread.sleep(100);
            return true;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return false;
        }
    }

    private static void close(ServerSocketChannel channel) {
        try {
            channel.close();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Stops listening and cuts all connections. */
    @Override
    public void close() {
        closed = true;
        channels.forEach(Listener::close);
        loops.forEach(SelectorLoop::close);
    }
}
