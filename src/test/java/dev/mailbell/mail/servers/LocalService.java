package dev.mailbell.mail.servers;

import java.io.BufferedInputStream;
import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.Channels;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

/** Answers on a Unix socket: the authentication daemon that a mail server asks. */
final class LocalService implements AutoCloseable {
    interface Conversation {
        void hold(InputStream in, OutputStream out) throws IOException;
    }

    private final ServerSocketChannel server;
    private final Conversation conversation;
    private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();

    LocalService(Path socket, Conversation conversation) throws IOException {
        this.conversation = conversation;
        server = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
        server.bind(UnixDomainSocketAddress.of(socket));
        Files.setPosixFilePermissions(socket, PosixFilePermissions.fromString("rwxrwxrwx"));
        Thread.ofPlatform().daemon().name("answers on " + socket.getFileName()).start(this::accept);
    }

    private void accept() {
        try {
            while (true) {
                SocketChannel peer = server.accept();
                threads.execute(() -> answer(peer));
            }
        } catch (ClosedChannelException closed) {
            // By close().
        } catch (IOException e) {
            System.err.println("a test's authentication daemon has ended: " + e);
        }
    }

    private void answer(SocketChannel peer) {
        try (peer;
                InputStream in = new BufferedInputStream(Channels.newInputStream(peer));
                OutputStream out = new BufferedOutputStream(Channels.newOutputStream(peer))) {
            conversation.hold(in, out);
            out.flush();
        } catch (IOException e) {
            System.err.println("a mail server's question could not be answered: " + e);
        }
    }

    @Override
    public void close() throws IOException {
        server.close();
        threads.shutdownNow();
    }
}
