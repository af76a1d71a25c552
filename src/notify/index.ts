export * from './long';
