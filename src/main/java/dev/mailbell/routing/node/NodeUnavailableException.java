package dev.mailbell.routing.node;

/**
 * The node that owns an account cannot be asked now, or no node owns it: another node takes it over
 * within seconds. The message is shown to clients.
 */
public final class NodeUnavailableException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    public NodeUnavailableException(String message) {
        super(message, null, false, false);
    }
}
