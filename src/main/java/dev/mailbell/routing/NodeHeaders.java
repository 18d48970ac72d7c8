package dev.mailbell.routing;

/** The headers of a request between nodes: what its body is bound to. */
final class NodeHeaders {
    static final String FROM = "Mailbell-Node";
    static final String TO = "Mailbell-Target-Node";
    static final String AT = "Mailbell-Time";
    static final String NONCE = "Mailbell-Nonce";

    private NodeHeaders() {}
}
