package dev.mailbell.ui.client;

import org.jspecify.annotations.Nullable;

/**
 * The page that opens a portal link.
 *
 * @param formToken of the browser
 * @param fault why it was not opened; null before
 */
public record PortalView(String formToken, @Nullable String fault) {}
