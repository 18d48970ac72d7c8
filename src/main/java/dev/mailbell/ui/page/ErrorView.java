package dev.mailbell.ui.page;

/**
 * What went wrong.
 *
 * @param text what happened and what to do
 */
public record ErrorView(int status, String title, String text) {}
