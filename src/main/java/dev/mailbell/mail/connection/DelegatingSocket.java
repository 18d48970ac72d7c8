package dev.mailbell.mail.connection;

import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.net.SocketAddress;
import java.net.SocketException;

/** A socket that delegates to another one, which is already connected. */
abstract class DelegatingSocket extends Socket {

    /** The current delegate. */
    abstract Socket inner();

    /**
     * Does nothing, because the delegate is connected. Libraries call this for sockets from a
     * factory.
     */
    @Override
    public void connect(SocketAddress endpoint) {}

    /** Does nothing, as {@link #connect(SocketAddress)}. */
    @Override
    public void connect(SocketAddress endpoint, int timeout) {}

    @Override
    public void bind(SocketAddress address) throws IOException {
        throw new SocketException("it is connected already");
    }

    @Override
    public InetAddress getInetAddress() {
        return inner().getInetAddress();
    }

    @Override
    public InetAddress getLocalAddress() {
        return inner().getLocalAddress();
    }

    @Override
    public int getPort() {
        return inner().getPort();
    }

    @Override
    public int getLocalPort() {
        return inner().getLocalPort();
    }

    @Override
    public SocketAddress getRemoteSocketAddress() {
        return inner().getRemoteSocketAddress();
    }

    @Override
    public SocketAddress getLocalSocketAddress() {
        return inner().getLocalSocketAddress();
    }

    @Override
    public void setTcpNoDelay(boolean on) throws SocketException {
        inner().setTcpNoDelay(on);
    }

    @Override
    public boolean getTcpNoDelay() throws SocketException {
        return inner().getTcpNoDelay();
    }

    @Override
    public void setKeepAlive(boolean on) throws SocketException {
        inner().setKeepAlive(on);
    }

    @Override
    public boolean getKeepAlive() throws SocketException {
        return inner().getKeepAlive();
    }

    @Override
    public void setSoLinger(boolean on, int linger) throws SocketException {
        inner().setSoLinger(on, linger);
    }

    @Override
    public int getSoLinger() throws SocketException {
        return inner().getSoLinger();
    }

    @Override
    public void shutdownInput() throws IOException {
        inner().shutdownInput();
    }

    @Override
    public void shutdownOutput() throws IOException {
        inner().shutdownOutput();
    }

    @Override
    public boolean isConnected() {
        return inner().isConnected();
    }

    @Override
    public boolean isBound() {
        return inner().isBound();
    }

    @Override
    public boolean isClosed() {
        return inner().isClosed();
    }

    @Override
    public boolean isInputShutdown() {
        return inner().isInputShutdown();
    }

    @Override
    public boolean isOutputShutdown() {
        return inner().isOutputShutdown();
    }

    @Override
    public String toString() {
        return inner().toString();
    }
}
