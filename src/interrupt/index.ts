export * from './interrupter';
