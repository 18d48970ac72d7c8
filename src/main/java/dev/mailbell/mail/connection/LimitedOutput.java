package dev.mailbell.mail.connection;

import java.io.IOException;
import java.io.OutputStream;

/** Writes to a {@link LimitedSocket} within its deadline. */
final class LimitedOutput extends OutputStream {
    private final LimitedSocket socket;

    LimitedOutput(LimitedSocket socket) {
        this.socket = socket;
    }

    @Override
    public void write(int octet) throws IOException {
        write(new byte[] {(byte) octet}, 0, 1);
    }

    @Override
    public void write(byte[] buffer, int offset, int length) throws IOException {
        socket.writes(buffer, offset, length);
        try {
            socket.inner().getOutputStream().write(buffer, offset, length);
        } catch (IOException e) {
            throw socket.asTimeout(e);
        }
    }

    @Override
    public void flush() throws IOException {
        try {
            socket.inner().getOutputStream().flush();
        } catch (IOException e) {
            throw socket.asTimeout(e);
        }
    }

    @Override
    public void close() throws IOException {
        socket.close();
    }
}
