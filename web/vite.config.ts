import react from '@vitejs/plugin-react';
import { defineConfig, type UserConfig } from 'vite';

/**
 * Builds the page into the package. Nothing is inlined as `data:` and nothing comes from elsewhere,
 * so that the server's content security policy can be `default-src 'self'`.
 */
const config: UserConfig = defineConfig({
  plugins: [react()],
  build: {
    outDir: '../dist/web',
    emptyOutDir: true,
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    chunkSizeWarningLimit: 700,
    target: 'es2023',
  },
  server: { proxy: { '/api': 'http://127.0.0.1:4000' } },
});

export default config;
