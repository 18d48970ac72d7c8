package dev.mailbell.routing.node;

/** The headers of a request between nodes: what its body is bound to. */
public final class NodeHeaders {
    public static final String FROM = "Mailbell-Node";
    public static final String TO = "Mailbell-Target-Node";
    public static final String AT = "Mailbell-Time";
    public static final String NONCE = "Mailbell-Nonce";

    private NodeHeaders() {}
}
